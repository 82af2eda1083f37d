import { useState } from 'preact/hooks';
import type { LadderName, LadderText } from '../../bench/kernelsReport.ts';
import { ButtonGroup } from '../buttonGroup.tsx';
import { KernelViewer } from './kernelViewer.tsx';
import { LadderChart, type LadderMetric, type RungBar } from './ladderChart.tsx';
import { RowFigures } from './rowFigures.tsx';
import type { RunView } from './runView.ts';

interface LadderProps {
  run: RunView | undefined;
  /** In the words of the version that ran, or of this one before anything has. */
  ladders: readonly LadderText[];
  busy: boolean;
  edits: number;
  refused: ReadonlyMap<string, string>;
  /** Runs one version, or all of a ladder; undefined without an adapter. */
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
              {rung.row && <RowFigures row={rung.row} before={run?.before.get(rung.row.id)} />}
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
