import { ButtonGroup } from '../buttonGroup.tsx';
import { changeUrlState } from '../urlState.ts';
import { FIRST_PRESET, presetOf, type WantedRun } from './wantedRun.ts';

/** What each preset is for. */
const PURPOSES: Readonly<Record<string, string>> = {
  quick: 'shows that all of it works, in minutes; decides nothing',
  standard: 'what the verdict rests on',
  full: 'more units than the verdict needs',
};

/** Preset and parts of the protocol; what is changed stands in the address. */
export function ProtocolForm({ wanted, disabled }: { wanted: WantedRun; disabled: boolean }) {
  const { record, preset, changes } = wanted;
  const base = presetOf(record, preset);
  const changed = Object.keys(changes);
  const without = Object.fromEntries(changed.map((part) => [part, undefined]));
  return (
    <div class="protocol">
      <div class="presets">
        <ButtonGroup
          legend="Preset"
          look="segmented"
          options={Object.keys(record.presets).map((name) => ({ value: name, label: name, disabled }))}
          isOn={(name) => name === preset}
          onPress={(name) =>
            changeUrlState({ values: { ...without, preset: name === FIRST_PRESET ? undefined : name } })
          }
        />
        <span class="hint">{PURPOSES[preset]}</span>
      </div>
      <details open={changed.length > 0}>
        <summary>
          Protocol, version {record.version}
          {changed.length > 0 &&
            `: ${changed.length === 1 ? 'a part is' : `${changed.length} parts are`} changed`}
        </summary>
        {changed.length > 0 && (
          <p class="hint">
            A run of a changed protocol decides nothing of the claim as it was set.{' '}
            <button type="button" disabled={disabled} onClick={() => changeUrlState({ values: without })}>
              As it was set
            </button>
          </p>
        )}
        <fieldset disabled={disabled} class="parts">
          <legend class="visually-hidden">Parts of the protocol</legend>
          {Object.entries(base).map(([part, value]) => (
            <div class="field" key={part}>
              <label for={`part-${part}`}>
                {part}: <span class="hint">{record.parts[part]}</span>
              </label>
              <input
                id={`part-${part}`}
                type="text"
                autocomplete="off"
                value={changes[part] ?? String(value)}
                onInput={({ currentTarget: { value: text } }) =>
                  changeUrlState({ values: { [part]: text === String(value) ? undefined : text } })
                }
              />
            </div>
          ))}
        </fieldset>
      </details>
    </div>
  );
}
