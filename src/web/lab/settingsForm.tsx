import type { ComponentChildren } from 'preact';
import { instruments } from '../../measure/instruments.ts';
import { dataSets } from '../dataSets.ts';
import { activations, type Field, type Settings } from './settings.ts';

interface FormProps {
  settings: Settings;
  errors: Partial<Record<Field, string>>;
  disabled: boolean;
  onChange(field: Field, value: string): void;
  onSubmit(): void;
}

/** What a field takes, beneath it. */
const hints: Partial<Record<Field, string>> = {
  hidden: 'Sizes, separated by commas; none for a linear model.',
  lr: 'Several, separated by commas, make replicas: 0.03, 0.1, 0.3',
  seeds: 'Several make replicas.',
};

/** What to train and what to read from it. */
export function SettingsForm({ settings, errors, disabled, onChange, onSubmit }: FormProps) {
  const control = (field: Field) => ({
    id: `setting-${field}`,
    name: field,
    value: settings[field],
    'aria-invalid': errors[field] !== undefined,
    'aria-describedby': errors[field] !== undefined ? `error-${field}` : hints[field] && `hint-${field}`,
    onInput: (event: { currentTarget: { value: string } }) => onChange(field, event.currentTarget.value),
  });
  const text = (field: Field) => (
    <input
      type="text"
      inputMode={field === 'hidden' || field === 'lr' || field === 'seeds' ? 'text' : 'decimal'}
      autocomplete="off"
      spellcheck={false}
      {...control(field)}
    />
  );
  const row = (field: Field, label: ComponentChildren, input: ComponentChildren) => (
    <div class="field">
      <label for={`setting-${field}`}>{label}</label>
      {input}
      {errors[field] !== undefined ? (
        <p class="error" id={`error-${field}`}>
          {errors[field]}
        </p>
      ) : (
        hints[field] && (
          <p class="hint" id={`hint-${field}`}>
            {hints[field]}
          </p>
        )
      )}
    </div>
  );

  const chosen = settings.instruments.split(' ').filter((type) => type !== '');
  const further = instruments.filter(({ shown }) => shown.length > 0);

  return (
    <form
      id="settings"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <fieldset disabled={disabled}>
        <legend>Data and model</legend>
        {row(
          'data',
          'Data set',
          <select {...control('data')}>
            {dataSets.map(({ name, label }) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>,
        )}
        {row('hidden', 'Hidden layers', text('hidden'))}
        {row(
          'activation',
          'Activation',
          <select {...control('activation')}>
            {activations.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>,
        )}
      </fieldset>
      <fieldset disabled={disabled}>
        <legend>Optimisation (SGD)</legend>
        <div class="pair">
          {row(
            'batchSize',
            <>
              Batch size <i>B</i>
            </>,
            text('batchSize'),
          )}
          {row(
            'momentum',
            <>
              Momentum <i>m</i>
            </>,
            text('momentum'),
          )}
        </div>
        {row(
          'lr',
          <>
            Learning rate <i>ε</i>
          </>,
          text('lr'),
        )}
        <div class="pair">
          {row(
            'weightDecay',
            <>
              Weight decay <i>λ</i>
            </>,
            text('weightDecay'),
          )}
          {row('seeds', 'Seed', text('seeds'))}
        </div>
        <div class="pair">
          {row('length', 'Length', text('length'))}
          {row(
            'lengthUnit',
            'Unit',
            <select {...control('lengthUnit')}>
              <option>epochs</option>
              <option>steps</option>
            </select>,
          )}
        </div>
      </fieldset>
      <fieldset disabled={disabled}>
        <legend>Readings, every … steps</legend>
        <div class="triple">
          {row('recordEvery', 'Loss', text('recordEvery'))}
          {row('measureEvery', 'Noise', text('measureEvery'))}
          {row('evaluateEvery', 'Test', text('evaluateEvery'))}
        </div>
        {further.map(({ type, shown }) => (
          <label key={type} class="check">
            <input
              type="checkbox"
              name={`instrument-${type}`}
              checked={chosen.includes(type)}
              onInput={({ currentTarget: { checked } }) =>
                onChange(
                  'instruments',
                  (checked ? [...chosen, type] : chosen.filter((one) => one !== type)).join(' '),
                )
              }
            />{' '}
            {shown[0]!.name}, at the noise’s steps
          </label>
        ))}
      </fieldset>
    </form>
  );
}
