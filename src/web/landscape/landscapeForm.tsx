import type { ComponentChildren } from 'preact';
import { dataSets } from '../dataSets.ts';
import { FIELDS, type Field, KIND_NAMES, KINDS, type Kind } from './kinds.ts';
import type { LandscapeSession } from './landscapeSession.ts';

type Sets = 'data' | 'test';

interface FormProps {
  kind: Kind;
  onKind(kind: Kind): void;
  sets: Readonly<Record<Sets, string>>;
  onSet(which: Sets, name: string): void;
  session: LandscapeSession;
  textOf(field: Field): string;
  onValue(field: Field, value: string): void;
  errors: Readonly<Record<string, string>>;
  onSubmit(): void;
}

/** What is to be found, of which data, and how. */
export function LandscapeForm(props: FormProps) {
  const { kind, onKind, sets, onSet, session, errors, onSubmit } = props;
  const set = (which: Sets, label: string, hint: string) => (
    <Row of={which} label={label} hint={hint} error={errors[which]}>
      {(described) => (
        <input
          type="text"
          list="data-sets"
          autocomplete="off"
          spellcheck={false}
          {...described}
          value={sets[which]}
          onInput={({ currentTarget }) => onSet(which, currentTarget.value)}
        />
      )}
    </Row>
  );
  return (
    <form
      id="settings"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <fieldset disabled={session.state !== 'idle'}>
        <legend>Data</legend>
        {set('data', 'Data set', 'The name of a given file, or of a built-in set such as mnist.')}
        {kind !== 'sharpness' &&
          set('test', 'Test set', 'Of one with a test split, that split. None if empty.')}
        <datalist id="data-sets">
          {session.given
            .filter(({ is }) => is === 'data')
            .map(({ name }) => (
              <option key={name} value={name} />
            ))}
          {dataSets.map(({ name, label }) => (
            <option key={name} value={name} label={label} />
          ))}
        </datalist>
      </fieldset>
      <fieldset class="kinds" disabled={session.state !== 'idle'}>
        <legend>What to find</legend>
        {KINDS.map((each) => (
          <label key={each}>
            <input type="radio" name="kind" checked={each === kind} onChange={() => onKind(each)} />
            {KIND_NAMES[each]}
          </label>
        ))}
      </fieldset>
      <fieldset disabled={session.state !== 'idle'}>
        <legend>{KIND_NAMES[kind]}</legend>
        {FIELDS[kind].map((field) => (
          <FieldView key={`${kind} ${field.key}`} field={field} {...props} />
        ))}
      </fieldset>
    </form>
  );
}

function FieldView({ field, textOf, onValue, errors, session }: FormProps & { field: Field }) {
  const { key, label, hint, input } = field;
  const value = textOf(field);
  const take = ({ currentTarget }: { currentTarget: { value: string } }) =>
    onValue(field, currentTarget.value);
  if (input.is === 'check') {
    return (
      <label class="check">
        <input
          type="checkbox"
          checked={value !== ''}
          onInput={({ currentTarget: { checked } }) => onValue(field, checked ? 'on' : '')}
        />{' '}
        {label}
      </label>
    );
  }
  return (
    <Row of={key} label={label} hint={hint} error={errors[key]}>
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
            {input.is === 'choice'
              ? input.options.map((option) => <option key={option}>{option}</option>)
              : session.weights.map(({ label }) => <option key={label}>{label}</option>)}
          </select>
        )
      }
    </Row>
  );
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
function Row({ of, label, hint, error, children }: RowProps) {
  const name = of.replaceAll(' ', '-');
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
