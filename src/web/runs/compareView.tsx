import { useEffect, useMemo, useState } from 'preact/hooks';
import { DataTable } from '../dataTable.tsx';
import { PanelView } from '../experiments/panelView.tsx';
import { hasUnit, X_UNITS, type XUnit } from '../lab/xUnits.ts';
import { changeUrlState, useUrlState } from '../urlState.ts';
import { type Compared, comparePanels, pairedEffects, settingsDifferences } from './compareRuns.ts';
import { readRun } from './readRun.ts';
import type { RunRecord } from './runRecord.ts';
import type { RunStore } from './runStore.ts';

/** By which charts and tables name a run: names are long. */
function letterOf(place: number): string {
  return String.fromCharCode(65 + place);
}

/** Runs over each other: their curves, the settings in which they differ, how they ended seed by seed. */
export function CompareView({ store, runs }: { store: RunStore; runs: readonly RunRecord[] }) {
  const { values } = useUrlState();
  const [read, setRead] = useState<readonly Compared[]>();
  const [problem, setProblem] = useState<string>();
  // What is read follows what was stored since.
  const state = runs.map(({ id, updated, name }) => `${id} ${updated} ${name}`).join();
  useEffect(() => {
    let left = false;
    Promise.all(
      runs.map(async (record, i) => ({ name: letterOf(i), ...(await readRun(store, record)) })),
    ).then(
      (found) => {
        if (!left) setRead(found);
      },
      ({ message }: Error) => setProblem(message),
    );
    return () => {
      left = true;
    };
  }, [store, state]);

  const asked = X_UNITS.find((one) => one === values.x) ?? 'steps';
  const units = X_UNITS.filter((one) => read?.every(({ recording }) => hasUnit(one, recording)));
  const unit: XUnit = units.includes(asked) ? asked : 'steps';
  const panels = useMemo(() => (read ? comparePanels(read, unit) : []), [read, unit]);
  const differences = useMemo(
    () => settingsDifferences(runs.map(({ spec }, i) => ({ name: letterOf(i), spec }))),
    [state],
  );
  const effects = useMemo(
    () => (read ? read.slice(1).map((one) => pairedEffects(read[0]!, one)) : []),
    [read],
  );

  return (
    <section class="compare" aria-labelledby="compare-title">
      <div class="tools">
        <h2 id="compare-title">{runs.length} runs compared</h2>
        <label class="unit">
          Against{' '}
          <select
            value={unit}
            onInput={({ currentTarget: { value } }) =>
              changeUrlState({ values: { x: value === 'steps' ? undefined : value } })
            }
          >
            {units.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => changeUrlState({ values: { compare: undefined } }, 'push')}>
          Close
        </button>
      </div>
      <ul class="compared" aria-label="Runs by letter">
        {runs.map(({ id, name }, i) => (
          <li key={id}>
            <strong>{letterOf(i)}</strong> {name}
          </li>
        ))}
      </ul>
      {problem !== undefined && (
        <p class="banner problem" role="alert">
          {problem}
        </p>
      )}
      {differences.rows.length === 0 ? (
        <p class="hint">All settings are alike.</p>
      ) : (
        <DataTable table={differences} />
      )}
      {effects.map((table, i) =>
        table ? (
          <DataTable key={i} table={table} />
        ) : (
          <p key={i} class="hint">
            {letterOf(0)} and {letterOf(i + 1)} share no seed, so that nothing is paired.
          </p>
        ),
      )}
      <div class="charts">
        {panels.map((panel) => (
          <PanelView key={panel.title} panel={panel} />
        ))}
      </div>
    </section>
  );
}
