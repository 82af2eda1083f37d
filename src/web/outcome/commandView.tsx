import { useState } from 'preact/hooks';
import { ScrollRegion } from '../scrollRegion.tsx';

/** Commands that do the same on a terminal. */
export function CommandView({ commands }: { commands: readonly string[] }) {
  const [copied, setCopied] = useState(false);
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
          void navigator.clipboard.writeText(text).then(() => setCopied(true));
        }}
      >
        {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}
