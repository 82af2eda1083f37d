import type { ComponentChildren } from 'preact';
import type { GivenWeights } from '../files/givenFile.ts';
import type { Field } from './field.ts';

/** What fields hold and what is wrong with them. */
export interface FieldValues {
  textOf(field: Field): string;
  onValue(field: Field, value: string): void;
  readonly errors: Readonly<Record<string, string>>;
  readonly weights: readonly GivenWeights[];
  /** Names of given results. */
  readonly results: readonly string[];
}

/** A field of a form. */
export function FieldView({
  field,
  textOf,
  onValue,
  errors,
  weights,
  results,
}: FieldValues & { field: Field }) {
  const { key, label, hint, input } = field;
  const value = textOf(field);
  const take = ({ currentTarget }: { currentTarget: { value: string } }) =>
    onValue(field, currentTarget.value);
  if (input.is === 'check') {
    const about = hint === undefined ? undefined : `hint-${key}`;
    return (
      <div class="field">
        <label class="check">
          <input
            type="checkbox"
            checked={value !== ''}
            aria-describedby={about}
            onInput={({ currentTarget: { checked } }) => onValue(field, checked ? 'on' : '')}
          />{' '}
          {label}
        </label>
        {about !== undefined && (
          <p class="hint" id={about}>
            {hint}
          </p>
        )}
      </div>
    );
  }
  return (
    <FieldRow of={key} label={label} hint={hint} error={errors[key]}>
      {(described) =>
        input.is === 'text' ? (
          <input
            type="text"
            autocomplete="off"
            spellcheck={false}
            {...described}
            value={value}
            onInput={take}
          />
        ) : (
          <select {...described} value={value} onInput={take}>
            {(input.is === 'result' || (input.is === 'weights' && input.place === null)) && (
              <option value="">none</option>
            )}
            {optionsOf(input, weights, results).map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
        )
      }
    </FieldRow>
  );
}

function optionsOf(
  input: Field['input'],
  weights: readonly GivenWeights[],
  results: readonly string[],
): readonly string[] {
  if (input.is === 'choice') return input.options;
  return input.is === 'result' ? results : weights.map(({ label }) => label);
}

interface RowProps {
  of: string;
  label: string;
  hint: string | undefined;
  error: string | undefined;
  children(described: {
    id: string;
    'aria-invalid': boolean;
    'aria-describedby'?: string;
  }): ComponentChildren;
}

/** A field with its label above, and beneath it what is wrong with it or what it takes. */
export function FieldRow({ of, label, hint, error, children }: RowProps) {
  const name = fieldName(of);
  const about = error !== undefined ? `error-${name}` : hint === undefined ? undefined : `hint-${name}`;
  return (
    <div class="field">
      <label for={`setting-${name}`}>{label}</label>
      {children({
        id: `setting-${name}`,
        'aria-invalid': error !== undefined,
        ...(about === undefined ? {} : { 'aria-describedby': about }),
      })}
      {about !== undefined && (
        <p class={error === undefined ? 'hint' : 'error'} id={about}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

/** A field's key as part of an element's name. */
function fieldName(key: string): string {
  return key.replaceAll(' ', '-');
}

/** Leads to the first field with an error. */
export function focusFirst(errors: Readonly<Record<string, string>>): void {
  const [first] = Object.keys(errors);
  if (first !== undefined) document.getElementById(`setting-${fieldName(first)}`)?.focus();
}
