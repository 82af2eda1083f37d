import type { KernelsRow, LadderName, RungText } from '../../bench/kernelsReport.ts';
import { isNoisy } from '../../bench/timing.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { ButtonGroup } from '../buttonGroup.tsx';
import type { KeptKernel } from './editor/keptKernels.ts';
import { foldLines } from './foldLines.ts';
import { Mark, useRoving } from './mark.tsx';
import { NOTE_LINE, Note } from './note.tsx';
import { PlotFrame } from './plotFrame.tsx';
import type { RunView } from './runView.ts';
import { sourceLines } from './sourceLine.ts';

export type LadderMetric = 'time' | 'rate';

/** A version, and how it did where it ran. */
export interface RungBar extends RungText {
  readonly row: KernelsRow | undefined;
  /** One that was written here, not shipped. */
  readonly kept?: KeptKernel;
}

interface ChartProps {
  run: RunView | undefined;
  name: LadderName;
  shape: string | undefined;
  bars: readonly RungBar[];
  metric: LadderMetric;
  onMetric(metric: LadderMetric): void;
  selected: number | undefined;
  onSelect(number: number): void;
}

/** A bar below the first line of its title, and each further line of that. */
const LINE = 44;
const TITLE_LINE = 15;
const LEFT = 34;
const TOP = 6;
const NOTE_LEFT = 10;

/**
 * A bar for each version of a kernel; those that have not run are there without one. Not drawn by Plot: its bars are buttons that keep the focus, and
 * grow while a run goes on.
 */
export function LadderChart({ run, name, shape, bars, metric, onMetric, selected, onSelect }: ChartProps) {
  return (
    <PlotFrame
      id={`ladder-${name}`}
      title={`Versions of ${name}`}
      empty={undefined}
      tools={
        <ButtonGroup
          legend="Length of the bars"
          look="segmented"
          options={[
            { value: 'time', label: 'time' },
            { value: 'rate', label: 'GFLOP/s' },
          ]}
          isOn={(value) => value === metric}
          onPress={(value) => onMetric(value as LadderMetric)}
        />
      }
      draw={(width) => <Drawing {...{ run, name, shape, bars, metric, selected, onSelect, width }} />}
      table={
        <table>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">ms</th>
              <th scope="col">±</th>
              <th scope="col">GFLOP/s</th>
              <th scope="col">over version 1</th>
            </tr>
          </thead>
          <tbody>
            {bars.map(({ number, title, row }) => (
              <tr key={number}>
                <th scope="row">
                  {number} {title}
                </th>
                <td>{formatNumber(row?.time?.median, 3)}</td>
                <td>{formatNumber(row?.time?.spread, 2)}</td>
                <td>{formatNumber(row?.gflops, 3)}</td>
                <td>{over(bars, row) ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      }
    />
  );
}

function Drawing({
  run,
  name,
  shape,
  bars,
  metric,
  selected,
  onSelect,
  width,
}: Omit<ChartProps, 'onMetric'> & { width: number }) {
  const roving = useRoving(
    bars.length,
    bars.findIndex(({ number }) => number === selected),
  );
  const values = bars.map(({ row }) => (metric === 'time' ? row?.time?.median : row?.gflops) ?? null);
  const most = Math.max(...bars.map(({ row }, i) => (values[i] ?? 0) + spreadOf(row, metric))) || 1;
  const room = Math.max(40, width - LEFT - 160);
  const note = run ? foldLines(sourceLines(run, shape && `${name}, ${shape}`), width - 2 * NOTE_LEFT) : [];
  const titles = bars.map(({ title }) => foldLines([title], width - LEFT - 12));
  const heights = titles.map((lines) => LINE + TITLE_LINE * (lines.length - 1));
  const tops = heights.map((_, i) => heights.slice(0, i).reduce((sum, each) => sum + each, TOP));
  const end = heights.reduce((sum, each) => sum + each, TOP);
  const height = end + 8 + NOTE_LINE * Math.max(2, note.length);
  return (
    <svg
      class="plot-svg ladder-svg"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-label={`Versions of ${name}${shape ? ` at ${shape}` : ''}. Arrow keys go from one to the next, Enter shows its source.`}
    >
      <g>
        {bars.map((bar, i) => {
          const { number, row, kept } = bar;
          const value = values[i] ?? null;
          const top = tops[i]!;
          // Of the bar itself.
          const y = top + heights[i]! - LINE;
          const length = value === null ? 0 : Math.max(1.5, (room * value) / most);
          const spread = (room * spreadOf(row, metric)) / most;
          const tip = LEFT + length;
          return (
            <Mark
              key={number}
              index={i}
              roving={roving}
              pressed={number === selected}
              look={kept ? 'rung-mark kept' : 'rung-mark'}
              onPress={() => onSelect(number)}
            >
              <rect class="back" x="1" y={top} width={width - 2} height={heights[i]! - 4} rx="4" />
              <text class="strong" x="10" y={top + 15}>
                {number}
              </text>
              {titles[i]!.map((line, at) => (
                <text key={line} x={LEFT} y={top + 15 + TITLE_LINE * at}>
                  {line}
                </text>
              ))}
              {value !== null && <rect class="bar" x={LEFT} y={y + 22} width={length} height="11" rx="1.5" />}
              {spread > 1 && <path class="whisker" d={`M${tip - spread} ${y + 27.5}H${tip + spread}`} />}
              <text class="value" x={tip + Math.max(6, spread + 5)} y={y + 32}>
                {label(bars, bar, metric)}
              </text>
            </Mark>
          );
        })}
      </g>
      <Note lines={note} x={NOTE_LEFT} y={end + 16} />
    </svg>
  );
}

function spreadOf(row: KernelsRow | undefined, metric: LadderMetric): number {
  return metric === 'time' ? (row?.time?.spread ?? 0) : 0;
}

function label(bars: readonly RungBar[], { row, kept }: RungBar, metric: LadderMetric): string {
  if (!row) return kept ? `timed at ${kept.measured.shape}` : 'not run yet';
  if (row.failed !== null) return 'not run here';
  if (row.wrong) return 'WRONG';
  if (!row.time) return '…';
  const ratio = over(bars, row);
  const figure =
    metric === 'time' ? `${formatNumber(row.time.median, 3)} ms` : `${formatNumber(row.gflops, 3)} GFLOP/s`;
  const noisy = isNoisy(row.time) ? ', noisy' : '';
  return ratio && row !== bars[0]?.row ? `${figure}, ${ratio}${noisy}` : `${figure}${noisy}`;
}

/** How many times as fast as the first version. */
function over(bars: readonly RungBar[], row: KernelsRow | undefined): string | undefined {
  const first = bars[0]?.row?.time?.median;
  return first && row?.time ? `${formatNumber(first / row.time.median, 3)} ×` : undefined;
}
