import { dataSets } from '../dataSets.ts';
import { dataNames } from '../files/dataNames.ts';
import type { GivenFile } from '../files/givenFile.ts';
import { FieldRow } from './fieldView.tsx';
import type { JobForm } from './useJobForm.ts';

/** Data sets that a form names. */
export interface DataField {
  readonly key: string;
  readonly label: string;
  readonly hint: string;
}

export const DATA: DataField = {
  key: 'data',
  label: 'Data set',
  hint: 'The name of a given file, or of a built-in set such as mnist.',
};

interface DataProps {
  fields: readonly DataField[];
  form: JobForm;
  given: readonly GivenFile[];
}

/** Which data a job is of: given files, and built-in sets, by their names. */
export function DataFields({ fields, form, given }: DataProps) {
  return (
    <>
      {fields.map(({ key, label, hint }) => (
        <FieldRow key={key} of={key} label={label} hint={hint} error={form.errors[key]}>
          {(described) => (
            <input
              type="text"
              list="data-sets"
              autocomplete="off"
              spellcheck={false}
              {...described}
              value={form.dataOf(key)}
              onInput={({ currentTarget }) => form.onData(key, currentTarget.value)}
            />
          )}
        </FieldRow>
      ))}
      <datalist id="data-sets">
        {dataNames(given).map((name) => (
          <option key={name} value={name} />
        ))}
        {dataSets.map(({ name, label }) => (
          <option key={name} value={name} label={label} />
        ))}
      </datalist>
    </>
  );
}
