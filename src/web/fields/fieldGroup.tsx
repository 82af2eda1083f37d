import { type Field, initialValue } from './field.ts';
import { FieldView } from './fieldView.tsx';
import type { JobForm } from './useJobForm.ts';

interface GroupProps {
  title: string;
  fields: readonly Field[];
  form: JobForm;
  disabled: boolean;
}

/** Fields that are opened when they are wanted, or where one of them is wrong; closed, they tell what is asked for. */
export function FieldGroup({ title, fields, form, disabled }: GroupProps) {
  const isWrong = fields.some(({ key }) => form.errors[key] !== undefined);
  const asked = fields.flatMap((field) => askedOf(field, form.textOf(field)));
  return (
    <details class="field-group" open={isWrong || undefined}>
      <summary>
        <span class="title">{title}</span>
        {asked.length > 0 && <span class="hint">{asked.join(', ')}</span>}
      </summary>
      <fieldset disabled={disabled} aria-label={title}>
        {fields.map((field) => (
          <FieldView key={field.key} field={field} {...form} />
        ))}
      </fieldset>
    </details>
  );
}

/** What a field adds to a measurement, or changes of it; nothing where it stands as the job has it. */
function askedOf(field: Field, text: string): string[] {
  const { input, label } = field;
  const name = label.replace(/^… /, '').toLowerCase();
  if (input.is === 'check') return text === '' ? [] : [name];
  const left = input.is === 'text' ? input.default : initialValue(field);
  return text === left ? [] : [`${name} ${text}`];
}
