import { useEffect, useState } from 'preact/hooks';
import { formatCount, formatNumber } from '../../present/formatNumber.ts';
import { download } from '../download.ts';
import { changeUrlState, useUrlState } from '../urlState.ts';
import { useTheme } from '../useTheme.ts';
import { Chart } from './chart.tsx';
import type { XRange } from './chartOptions.ts';
import { labQuantities, SETTINGS_OF_RUN } from './labQuantities.ts';
import type { Recording } from './recording.ts';
import { recordingCsv, recordingJson } from './recordingFile.ts';
import { Samples } from './samples.tsx';
import { Swatch } from './swatch.tsx';
import { hasUnit, X_UNITS, type XUnit } from './xUnits.ts';

/** Readings of a running mean; null for a share of the run. */
const SMOOTHING: readonly (number | null)[] = [null, 0, 10, 50, 200, 1000];
/** What is shown before there is a run. */
const USUAL = labQuantities(undefined, true).filter(({ id }) => !SETTINGS_OF_RUN.includes(id));

/** The curves of a run, their legend, and the readings as files. */
export function Results({ recording, name }: ResultsProps) {
  const theme = useTheme();
  const { values } = useUrlState();
  const [smoothing, setSmoothing] = useState<number | null>(null);
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const [zoom, setZoom] = useState<XRange | null>(null);
  const asked = X_UNITS.find((unit) => unit === values.x) ?? 'steps';
  const unit: XUnit = hasUnit(asked, recording) ? asked : 'steps';
  useEffect(() => setHidden(new Set()), [recording]);
  useEffect(() => setZoom(null), [recording, unit]);
  const groups = recording?.groups ?? [];
  const toggle = (group: number) => {
    const changed = new Set(hidden);
    if (!changed.delete(group)) changed.add(group);
    setHidden(changed);
  };
  const empty = !recording || recording.readings.length === 0;
  const file = `basin-${(recording?.started ?? new Date()).toISOString().slice(0, 19).replace(/[:T]/g, '-')}`;

  return (
    <section class="results" aria-labelledby="results-title">
      <div class="tools">
        <h2 id="results-title">Readings</h2>
        {recording && <p class="settings-of-run">of {recording.description}</p>}
        {recording && (
          <ul class="legend" aria-label="Curves">
            {groups.map((group, place) => (
              <li key={group.label}>
                <button
                  type="button"
                  aria-pressed={!hidden.has(place)}
                  title="Show or hide this curve"
                  onClick={() => toggle(place)}
                >
                  <Swatch group={place} />
                  {recording.label(group)}
                  {group.replicas.length > 1 && (
                    <span class="hint"> mean of {group.replicas.length} seeds ± standard error</span>
                  )}
                  {divergedText(recording, group.replicas)}
                </button>
              </li>
            ))}
          </ul>
        )}
        <label class="smoothing">
          Running mean over{' '}
          <select
            value={String(smoothing)}
            onInput={({ currentTarget: { value } }) => setSmoothing(value === 'null' ? null : Number(value))}
          >
            {SMOOTHING.map((span) => (
              <option key={span} value={String(span)}>
                {span === null ? '1/40 of the run' : span === 0 ? 'off' : `${span} readings`}
              </option>
            ))}
          </select>
        </label>
        <label class="unit">
          Against{' '}
          <select
            value={unit}
            onInput={({ currentTarget: { value } }) =>
              changeUrlState({ values: { x: value === 'steps' ? undefined : value } })
            }
          >
            {X_UNITS.filter((each) => hasUnit(each, recording)).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <div class="exports">
          <button
            type="button"
            disabled={empty}
            onClick={() =>
              recording && download(`${file}.json`, 'application/json', recordingJson(recording, name))
            }
          >
            Save JSON
          </button>
          <button
            type="button"
            disabled={empty}
            onClick={() => recording && download(`${file}.csv`, 'text/csv', recordingCsv(recording))}
          >
            Save CSV
          </button>
        </div>
      </div>
      <div class="charts">
        {(recording?.drawn ?? USUAL).map((quantity) => (
          <Chart
            key={quantity.id}
            quantity={quantity}
            recording={recording}
            revision={recording?.revision ?? 0}
            smoothing={smoothing}
            unit={unit}
            hidden={hidden}
            zoom={zoom}
            onZoom={setZoom}
            theme={theme}
          />
        ))}
      </div>
      {recording && recording.samples.length > 0 && <Samples recording={recording} />}
      <p class="hint zoom" data-steps={zoom ? zoom.join('-') : 'all'}>
        {zoom ? (
          <>
            {rangeText(unit, zoom)} are shown.{' '}
            <button type="button" onClick={() => setZoom(null)}>
              Show all {unit}
            </button>
          </>
        ) : (
          `Drag across a chart to zoom into its ${unit}, double-click to see all of them.`
        )}
      </p>
    </section>
  );
}

interface ResultsProps {
  recording: Recording | undefined;
  /** What the run is called where it is kept. */
  name: string | undefined;
}

function divergedText(recording: Recording, replicas: readonly number[]) {
  const lost = replicas.filter((replica) => recording.diverged.has(replica));
  if (lost.length === 0) return null;
  const step = Math.min(...lost.map((replica) => recording.diverged.get(replica)!.step));
  const which = replicas.length === 1 ? '' : `${lost.length} of ${replicas.length} `;
  return (
    <span class="diverged">
      {which}diverged {lost.length > 1 ? 'from' : 'at'} step {step}
      {lost.length > 1 && ' on'}
    </span>
  );
}

function rangeText(unit: XUnit, [from, to]: XRange): string {
  const whole = unit === 'steps' || unit === 'examples';
  const [first, last] = [from, to].map((end) => (whole ? formatCount(end) : formatNumber(end, 4)));
  return `${unit.charAt(0).toUpperCase()}${unit.slice(1)} ${first} to ${last}`;
}
