import { instruments } from '../../measure/instruments.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import type { FormState } from './formFields.tsx';
import { instrumentCost } from './instrumentCost.ts';
import { joinInstruments, splitInstruments } from './instrumentsText.ts';
import { type Options, parseOptions } from './optionsText.ts';

/** The noise scale has fields of its own. */
const KINDS = instruments.filter(({ type }) => type !== 'noise_scale');

/** What else is measured on the way: each instrument with its options, and what a look of it costs. */
export function InstrumentFields({ form }: { form: FormState }) {
  const { settings, errors, onChange } = form;
  const asked = splitInstruments(settings.instruments);
  const set = (next: typeof asked): void => onChange('instruments', joinInstruments(next));
  const batchSize = Number(settings.batchSize) || 64;
  const error = errors.instruments;
  return (
    <div class="instruments">
      {KINDS.map(({ type, shown }) => {
        const place = asked.findIndex((one) => one.type === type);
        const own = asked[place];
        const cost = instrumentCost(type, optionsOf(own?.options ?? ''), batchSize);
        const names = shown.length > 0 ? shown.map(({ name }) => name).join(', ') : type;
        return (
          <div key={type} class="instrument">
            <label class="check">
              <input
                type="checkbox"
                name={`instrument-${type}`}
                checked={own !== undefined}
                onInput={({ currentTarget: { checked } }) =>
                  set(checked ? [...asked, { type, options: '' }] : asked.filter((_, i) => i !== place))
                }
              />{' '}
              {names}
            </label>
            {own && (
              <input
                type="text"
                autocomplete="off"
                spellcheck={false}
                aria-label={`Options of ${type}`}
                placeholder={`every=${settings.measureEvery || '10'}`}
                value={own.options}
                aria-invalid={error !== undefined}
                aria-describedby={error === undefined ? undefined : 'error-instruments'}
                onInput={({ currentTarget: { value } }) =>
                  set(asked.map((one, i) => (i === place ? { type, options: value } : one)))
                }
              />
            )}
            {cost !== null && <p class="hint">{costText(cost)}</p>}
          </div>
        );
      })}
      {error !== undefined && (
        <p class="error" id="error-instruments">
          {error}
        </p>
      )}
    </div>
  );
}

/** None while they are being typed. */
function optionsOf(text: string): Options {
  try {
    return parseOptions(text);
  } catch {
    return {};
  }
}

function costText(steps: number): string {
  if (steps === 0) return 'costs next to nothing';
  return `a look costs about as much arithmetic as ${formatNumber(steps, 2)} ${steps === 1 ? 'step' : 'steps'}`;
}
