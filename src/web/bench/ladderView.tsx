import { rowOf } from '../../bench/edit/rowOf.ts';
import type { LadderName, LadderText } from '../../bench/kernelsReport.ts';
import { adapterName } from '../../present/adapterName.ts';
import { ButtonGroup } from '../buttonGroup.tsx';
import type { BenchState } from './benchState.ts';
import type { KeptKernel, KeptKernels } from './editor/keptKernels.ts';
import { KernelViewer } from './kernelViewer.tsx';
import { LadderChart, type RungBar } from './ladderChart.tsx';
import { RowFigures } from './rowFigures.tsx';
import type { RunView } from './runView.ts';

type LadderState = Pick<BenchState, 'ladder' | 'version' | 'shape' | 'metric'>;

interface LadderProps {
  run: RunView | undefined;
  /** In the words of the version that ran, or of this one before anything has. */
  ladders: readonly LadderText[];
  kept: KeptKernels;
  state: LadderState;
  onState(change: Partial<LadderState>): void;
  busy: boolean;
  edits: number;
  refused: ReadonlyMap<string, string>;
  /** Runs one version, or all of a ladder; undefined without an adapter. */
  onRun: ((ladder: LadderName, rung?: number) => void) | undefined;
  /** Opens a kernel of a row, which is named without its shape, in the editor. */
  onEdit(row: string, kernel: string): void;
  onOpenKept(kernel: KeptKernel): void;
}

/** Every version of a kernel from the naive one to the best, and why the next is faster; behind them those that were written here. */
export function LadderView(props: LadderProps) {
  const { run, ladders, kept, state, onState, busy, edits, refused, onRun, onEdit, onOpenKept } = props;
  const { metric } = state;
  const ladder = ladders.find((each) => each.name === state.ladder) ?? ladders[0];
  const name = ladder?.name ?? state.ladder;
  const rows = (run?.rows ?? []).filter((row) => row.ladder?.name === name);
  const shapes = [...new Set(rows.map(({ shape }) => shape))];
  const shape = shapes.includes(state.shape ?? '') ? state.shape : shapes.at(-1);
  const shipped: RungBar[] = (ladder?.rungs ?? []).map((rung) => ({
    ...rung,
    row: rows.find((row) => row.ladder?.number === rung.number && row.shape === shape),
  }));
  const bars = [...shipped, ...keptBars(kept.list, name, shipped.length, run, shape)];
  const rung = bars.find(({ number }) => number === state.version) ?? bars[0];
  return (
    <div class="ladder-view">
      <div class="tools">
        <ButtonGroup
          legend="Ladder"
          look="segmented"
          options={ladders.map((each) => ({ value: each.name, label: each.name }))}
          isOn={(value) => value === name}
          onPress={(value) => onState({ ladder: value as LadderName, version: undefined, shape: undefined })}
        />
        {shapes.length > 1 && (
          <label>
            Shape{' '}
            <select value={shape} onInput={(event) => onState({ shape: event.currentTarget.value })}>
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
            onMetric={(metric) => onState({ metric })}
            selected={rung?.number}
            onSelect={(version) => onState({ version })}
          />
          {rung && (
            <section class="rung card" aria-labelledby="rung-title">
              <h3 id="rung-title">
                <span class="rung-number">{rung.number}</span> {rung.title}
              </h3>
              <p class="why">{rung.why}</p>
              {rung.row && <RowFigures row={rung.row} before={run?.before.get(rung.row.id)} />}
              {rung.kept ? (
                <button type="button" onClick={() => onOpenKept(rung.kept!)}>
                  Open in the editor
                </button>
              ) : (
                <>
                  <button type="button" disabled={busy || !onRun} onClick={() => onRun?.(name, rung.number)}>
                    Run version {rung.number}
                  </button>
                  <KernelViewer
                    dispatches={rung.row?.dispatches ?? []}
                    kernel={rung.kernel}
                    edits={edits}
                    refused={refused}
                    onEdit={(kernel) => onEdit(`${name} ladder ${rung.number}`, kernel)}
                  />
                </>
              )}
            </section>
          )}
        </div>
      )}
    </div>
  );
}

/** Versions that were written here, numbered behind the shipped ones; with their times where those are of the adapter and the shape that is shown. */
function keptBars(
  list: readonly KeptKernel[],
  name: LadderName,
  shipped: number,
  run: RunView | undefined,
  shape: string | undefined,
): RungBar[] {
  return list
    .filter(({ measured }) => measured.ladder?.name === name)
    .map((kept, i) => {
      const { measured, adapter, ratio, date } = kept;
      const comparable =
        run?.adapter !== undefined && adapterName(run.adapter) === adapter && measured.shape === shape;
      const than = ratio ? ` It took ${ratio.value.toFixed(3)} of that one’s time` : ' It was timed';
      return {
        number: shipped + i + 1,
        title: `${kept.name} (written here)`,
        kernel: kept.kernel,
        why: `Written in this browser from version ${measured.ladder?.number}, in the place of ${kept.kernel} in ${rowOf(measured)}.${than} at ${measured.shape} on ${adapter}, ${date.slice(0, 10)}.`,
        row: comparable ? measured : undefined,
        kept,
      };
    });
}
