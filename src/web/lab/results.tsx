import { useEffect, useState } from 'preact/hooks';
import { formatCount } from '../../present/formatNumber.ts';
import { quantities } from '../../present/quantities.ts';
import { download } from '../download.ts';
import { useTheme } from '../useTheme.ts';
import { Chart } from './chart.tsx';
import type { StepRange } from './chartOptions.ts';
import type { Recording } from './recording.ts';
import { Swatch } from './swatch.tsx';

const SMOOTHING = [0, 10, 50, 200];

/** The curves of a run, their legend, and the readings as files. */
export function Results({ recording, version }: { recording: Recording | undefined; version: number }) {
  const theme = useTheme();
  const [smoothing, setSmoothing] = useState(10);
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const [zoom, setZoom] = useState<StepRange | null>(null);
  useEffect(() => setZoom(null), [recording]);
  const replicas = recording?.replicas ?? [];
  const toggle = (replica: number) => {
    const changed = new Set(hidden);
    if (!changed.delete(replica)) changed.add(replica);
    setHidden(changed);
  };
  const empty = !recording || recording.readings.length === 0;
  const name = `basin-${(recording?.started ?? new Date()).toISOString().slice(0, 19).replace(/[:T]/g, '-')}`;

  return (
    <section class="results" aria-labelledby="results-title">
      <div class="tools">
        <h2 id="results-title">Readings</h2>
        {recording && <p class="settings-of-run">of {recording.description}</p>}
        {recording && (
          <ul class="legend" aria-label="Curves">
            {replicas.map((label, replica) => {
              const diverged = recording?.diverged.get(replica);
              return (
                <li key={label}>
                  <button
                    type="button"
                    aria-pressed={!hidden.has(replica)}
                    title="Show or hide this curve"
                    onClick={() => toggle(replica)}
                  >
                    <Swatch replica={replica} />
                    {recording.label(replica)}
                    {diverged && <span class="diverged">diverged at step {diverged.step}</span>}
                  </button>
                </li>
              );
            })}
          </ul>
        )}
        <label class="smoothing">
          Running mean over{' '}
          <select
            value={String(smoothing)}
            onInput={(event) => setSmoothing(Number(event.currentTarget.value))}
          >
            {SMOOTHING.map((span) => (
              <option key={span} value={String(span)}>
                {span === 0 ? 'off' : `${span} readings`}
              </option>
            ))}
          </select>
        </label>
        <div class="exports">
          <button
            type="button"
            disabled={empty}
            onClick={() => recording && download(`${name}.json`, 'application/json', recording.toJson())}
          >
            Save JSON
          </button>
          <button
            type="button"
            disabled={empty}
            onClick={() => recording && download(`${name}.csv`, 'text/csv', recording.toCsv())}
          >
            Save CSV
          </button>
        </div>
      </div>
      <div class="charts">
        {(recording?.quantities ?? quantities).map((quantity) => (
          <Chart
            key={quantity.id}
            quantity={quantity}
            recording={recording}
            version={version}
            smoothing={smoothing}
            hidden={hidden}
            zoom={zoom}
            onZoom={setZoom}
            theme={theme}
          />
        ))}
      </div>
      <p class="hint zoom" data-steps={zoom ? zoom.join('-') : 'all'}>
        {zoom ? (
          <>
            Steps {formatCount(zoom[0])} to {formatCount(zoom[1])} are shown.{' '}
            <button type="button" onClick={() => setZoom(null)}>
              Show all steps
            </button>
          </>
        ) : (
          'Drag across a chart to zoom into its steps, double-click to see all of them.'
        )}
      </p>
    </section>
  );
}
