import { DATA, DataFields } from '../fields/dataFields.tsx';
import { FieldView } from '../fields/fieldView.tsx';
import { SettingsForm } from '../fields/settingsForm.tsx';
import type { JobForm } from '../fields/useJobForm.ts';
import { FIELDS, KIND_NAMES, KINDS, type Kind } from './kinds.ts';
import type { LandscapeSession } from './landscapeSession.ts';

interface FormProps {
  kind: Kind;
  onKind(kind: Kind): void;
  form: JobForm;
  session: LandscapeSession;
}

const SETS = [
  DATA,
  { key: 'test', label: 'Test set', hint: 'Of one with a test split, that split. None if empty.' },
] as const;

/** What is to be found, of which data, and how. */
export function LandscapeForm({ kind, onKind, form, session }: FormProps) {
  const running = session.state !== 'idle';
  return (
    <SettingsForm form={form}>
      <fieldset disabled={running}>
        <legend>Data</legend>
        <DataFields fields={SETS} form={form} given={session.given} />
      </fieldset>
      <fieldset class="kinds" disabled={running}>
        <legend>What to find</legend>
        {KINDS.map((each) => (
          <label key={each}>
            <input type="radio" name="kind" checked={each === kind} onChange={() => onKind(each)} />
            {KIND_NAMES[each]}
          </label>
        ))}
      </fieldset>
      <fieldset disabled={running}>
        <legend>{KIND_NAMES[kind]}</legend>
        {FIELDS[kind].map((field) => (
          <FieldView key={`${kind} ${field.key}`} field={field} {...form} />
        ))}
      </fieldset>
    </SettingsForm>
  );
}
