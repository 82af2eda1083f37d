import { useState } from 'preact/hooks';
import type { KernelsRow, LadderName, LadderText } from '../../jobs/bench/kernelsReport.ts';
import { formatNumber } from '../../jobs/formatNumber.ts';
import { ButtonGroup } from './buttonGroup.tsx';
import { Change } from './change.tsx';
import { KernelViewer } from './kernelViewer.tsx';
import { LadderChart, type LadderMetric, type RungBar } from './ladderChart.tsx';
import { RooflineBar } from './rooflineBar.tsx';
import type { RunView } from './runView.ts';

interface LadderProps {
  run: RunView | undefined;
  /** In the words of the version that ran, or of this one before anything has. */
  ladders: readonly LadderText[];
  busy: boolean;
  edits: number;
  refused: ReadonlyMap<string, string>;
  /** Runs one version, or all of a ladder; undefined where the run that is shown is not this page's. */
  onRun: ((ladder: LadderName, rung?: number) => void) | undefined;
}

/** Every version of a kernel from the naive one to the best, and why the next is faster. */
export function LadderView({ run, ladders, busy, edits, refused, onRun }: LadderProps) {
  const [name, setName] = useState<LadderName>('matmul');
  const [wantedShape, setShape] = useState<string>();
  const [metric, setMetric] = useState<LadderMetric>('time');
  const [chosen, setChosen] = useState<number>();
  const ladder = ladders.find((each) => each.name === name);
  const rows = (run?.rows ?? []).filter((row) => row.ladder?.name === name);
  const shapes = [...new Set(rows.map(({ shape }) => shape))];
  const shape = shapes.includes(wantedShape ?? '') ? wantedShape : shapes.at(-1);
  const bars: RungBar[] = (ladder?.rungs ?? []).map((rung) => ({
    ...rung,
    row: rows.find((row) => row.ladder?.number === rung.number && row.shape === shape),
  }));
  const rung = bars.find(({ number }) => number === chosen) ?? bars[0];
  return (
    <div class="ladder-view">
      <div class="tools">
        <ButtonGroup
          legend="Ladder"
          look="segmented"
          options={ladders.map((each) => ({ value: each.name, label: each.name }))}
          isOn={(value) => value === name}
          onPress={(value) => {
            setName(value);
            setChosen(undefined);
          }}
        />
        {shapes.length > 1 && (
          <label>
            Shape{' '}
            <select value={shape} onInput={(event) => setShape(event.currentTarget.value)}>
              {shapes.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
        )}
        <button type="button" disabled={busy || !onRun} onClick={() => onRun?.(name)}>
          Run this ladder
        </button>
        {ladder && <p class="about-ladder">{ladder.about}</p>}
      </div>
      {ladder && (
        <div class="split">
          <LadderChart
            run={run}
            name={name}
            shape={shape}
            bars={bars}
            metric={metric}
            onMetric={setMetric}
            selected={rung?.number}
            onSelect={setChosen}
          />
          {rung && (
            <section class="rung card" aria-labelledby="rung-title">
              <h3 id="rung-title">
                <span class="rung-number">{rung.number}</span> {rung.title}
              </h3>
              <p class="why">{rung.why}</p>
              {rung.row?.failed && <p class="error">Not run here: {rung.row.failed}</p>}
              {rung.row?.wrong && (
                <p class="error">
                  WRONG: it differs from float64 by {rung.row.error?.toExponential(1) ?? 'NaN'}, allowed are{' '}
                  {rung.row.tolerance.toExponential(1)}.
                </p>
              )}
              <RungFigures row={rung.row} before={rung.row && run?.before.get(rung.row.id)} />
              <button type="button" disabled={busy || !onRun} onClick={() => onRun?.(name, rung.number)}>
                Run version {rung.number}
              </button>
              <KernelViewer
                dispatches={rung.row?.dispatches ?? []}
                kernel={rung.kernel}
                edits={edits}
                refused={refused}
              />
            </section>
          )}
        </div>
      )}
    </div>
  );
}

function RungFigures({ row, before }: { row: KernelsRow | undefined; before: KernelsRow | undefined }) {
  if (!row?.time) return null;
  return (
    <p class="figures">
      <span>
        {formatNumber(row.time.median, 3)} ± {formatNumber(row.time.spread, 2)} ms
      </span>
      {before && <Change before={before.time} after={row.time} />}
      <span>{formatNumber(row.gflops, 3)} GFLOP/s</span>
      <span>{formatNumber(row.gbs, 3)} GB/s</span>
      <span>compiled in {formatNumber(row.compile, 3)} ms</span>
      {row.roofline && <RooflineBar {...row.roofline} />}
    </p>
  );
}
