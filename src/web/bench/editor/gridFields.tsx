import type { EditTarget } from '../../../bench/edit/kernelEditReport.ts';
import type { EditState } from './editorView.tsx';

interface GridProps {
  target: EditTarget;
  x: string;
  y: string;
  onChange(change: Partial<EditState>): void;
}

/** How many workgroups there are, where a text wants others than the shipped kernel. */
export function GridFields({ target: { grid, params }, x, y, onChange }: GridProps) {
  return (
    <fieldset class="grid-fields">
      <legend>Workgroups</legend>
      <label>
        <span>x</span>
        <input
          type="text"
          value={x}
          placeholder={`${grid[0]}, as planned`}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => onChange({ gridX: event.currentTarget.value })}
        />
      </label>
      <label>
        <span>y</span>
        <input
          type="text"
          value={y}
          placeholder={`${grid[1]}, as planned`}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => onChange({ gridY: event.currentTarget.value })}
        />
      </label>
      <p class="hint">
        Only where the text needs others: a formula of {Object.keys(params).join(', ')} and the text’s
        constants, as <code>ceil({Object.keys(params)[0] ?? 'n'} / 64)</code>.
      </p>
    </fieldset>
  );
}
