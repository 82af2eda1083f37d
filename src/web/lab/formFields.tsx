import type { ComponentChildren } from 'preact';
import type { Field, Settings } from './labFields.ts';

/** What the fields of the form share. */
export interface FormState {
  readonly settings: Settings;
  readonly errors: Partial<Record<Field, string>>;
  onChange(field: Field, value: string): void;
}

interface FieldProps {
  form: FormState;
  field: Field;
  label: ComponentChildren;
  hint?: string | undefined;
}

/** A field's attributes, by which its label, its hint and what is wrong with it are found. */
function described({ settings, errors, onChange }: FormState, field: Field, hint: string | undefined) {
  const error = errors[field];
  const about = error !== undefined ? `error-${field}` : hint === undefined ? undefined : `hint-${field}`;
  return {
    id: `setting-${field}`,
    name: field,
    value: settings[field],
    'aria-invalid': error !== undefined,
    ...(about === undefined ? {} : { 'aria-describedby': about }),
    onInput: ({ currentTarget }: { currentTarget: { value: string } }) =>
      onChange(field, currentTarget.value),
  };
}

/** A field with its label above, and beneath it what is wrong with it or what it takes. */
function Row({ form, field, label, hint, children }: FieldProps & { children: ComponentChildren }) {
  const error = form.errors[field];
  const text = error ?? hint;
  return (
    <div class="field">
      <label for={`setting-${field}`}>{label}</label>
      {children}
      {text !== undefined && (
        <p
          class={error === undefined ? 'hint' : 'error'}
          id={`${error === undefined ? 'hint' : 'error'}-${field}`}
        >
          {text}
        </p>
      )}
    </div>
  );
}

/** A field of text. @param list the id of a list of what may be typed */
export function TextField(
  props: FieldProps & { words?: boolean; list?: string; example?: string | undefined },
) {
  const { form, field, hint, words, list, example } = props;
  return (
    <Row {...props}>
      <input
        type="text"
        inputMode={words ? 'text' : 'decimal'}
        autocomplete="off"
        spellcheck={false}
        list={list}
        placeholder={example}
        {...described(form, field, hint)}
      />
    </Row>
  );
}

/** A field with a few choices. */
export function ChoiceField(props: FieldProps & { options: readonly string[] }) {
  const { form, field, hint, options } = props;
  return (
    <Row {...props}>
      <select {...described(form, field, hint)}>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </Row>
  );
}

/** A field of several lines. */
export function AreaField(props: FieldProps & { example?: string }) {
  const { form, field, hint, example } = props;
  return (
    <Row {...props}>
      <textarea rows={4} spellcheck={false} placeholder={example} {...described(form, field, hint)} />
    </Row>
  );
}

/** Fields that few need: folded while they are as they were at first and nothing is wrong with them. */
export function FoldedFields({
  form: { settings, errors },
  initial,
  fields,
  summary,
  children,
}: {
  form: FormState;
  initial: Settings;
  fields: readonly Field[];
  summary: string;
  children: ComponentChildren;
}) {
  const needed = fields.some((field) => errors[field] !== undefined || settings[field] !== initial[field]);
  return (
    <details class="folded" open={needed || undefined}>
      <summary>{summary}</summary>
      {children}
    </details>
  );
}
