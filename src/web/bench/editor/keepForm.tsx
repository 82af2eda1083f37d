import { useState } from 'preact/hooks';
import type { EditedText, KernelEditResult } from '../../../bench/edit/kernelEditReport.ts';
import type { KeptKernels } from './keptKernels.ts';

interface KeepProps {
  kept: KeptKernels;
  result: KernelEditResult;
  text: EditedText;
  adapter: string;
}

/** Keeps a text that is right, under a name. */
export function KeepForm({ kept, result, text, adapter }: KeepProps) {
  const [name, setName] = useState('');
  const [said, setSaid] = useState('');
  const measured = result.rows.edited;
  const keep = (event: Event) => {
    event.preventDefault();
    const title = name.trim();
    if (title === '' || !measured) return;
    const { row, kernel, ratios } = result;
    kept.keep({ ...text, name: title, row, kernel, adapter, measured, ratio: ratios.shipped ?? null });
    setName('');
    setSaid(kept.problem === undefined ? `Kept as “${title}”.` : '');
  };
  return (
    <form class="keep-form card" onSubmit={keep}>
      <label class="field">
        <span>Keep it as</span>
        <input
          type="text"
          value={name}
          maxLength={80}
          placeholder="what is new about it"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={name.trim() === '' || !measured}>
        Keep
      </button>
      <p class="hint" role="status">
        {said}
      </p>
    </form>
  );
}
