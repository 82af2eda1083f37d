import { useRef } from 'preact/hooks';
import type { ListedRun } from './runLibrary.ts';

interface PickerProps {
  label: string;
  runs: readonly ListedRun[];
  value: string;
  /** What stands for no choice; left out where there must be one. */
  none?: string;
  onPick(key: string): void;
}

/** One of the runs that the page knows. */
export function RunPicker({ label, runs, value, none, onPick }: PickerProps) {
  return (
    <label class="picker">
      <span>{label}</span>
      <select value={value} onInput={(event) => onPick(event.currentTarget.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {runs.map(({ key, label: name }) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Opens files of reports. */
export function OpenFiles({ onOpen }: { onOpen(files: readonly File[]): void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        Open files …
      </button>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        multiple
        hidden
        aria-label="Reports to open"
        onChange={(event) => {
          onOpen([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}
