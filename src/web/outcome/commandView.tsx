import { useState } from 'preact/hooks';
import { ScrollRegion } from '../scrollRegion.tsx';

const WORDS = { ready: 'Copy', copied: 'Copied', refused: 'The browser refused: select it' } as const;

/** Commands that do the same on a terminal. */
export function CommandView({ commands }: { commands: readonly string[] }) {
  const [copying, setCopying] = useState<keyof typeof WORDS>('ready');
  const text = commands.join('\n');
  return (
    <div class="command">
      <h3>On a terminal, the same</h3>
      <ScrollRegion label="Command line" look="command-text">
        <pre>
          <code>{text}</code>
        </pre>
      </ScrollRegion>
      <button
        type="button"
        onClick={() => {
          navigator.clipboard.writeText(text).then(
            () => setCopying('copied'),
            () => setCopying('refused'),
          );
        }}
      >
        {WORDS[copying]}
      </button>
    </div>
  );
}
