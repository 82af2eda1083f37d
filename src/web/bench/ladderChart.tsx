import type { KernelsRow, LadderName, RungText } from '../../bench/kernelsReport.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { ButtonGroup } from '../buttonGroup.tsx';
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

const LINE = 44;
const LEFT = 30;
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
  const room = Math.max(40, width - LEFT - 130);
  const note = run ? foldLines(sourceLines(run, shape && `${name}, ${shape}`), width - 2 * NOTE_LEFT) : [];
  const height = TOP + LINE * bars.length + 8 + NOTE_LINE * Math.max(2, note.length);
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
          const { number, title, row } = bar;
          const value = values[i] ?? null;
          const y = TOP + LINE * i;
          const length = value === null ? 0 : Math.max(1.5, (room * value) / most);
          const spread = (room * spreadOf(row, metric)) / most;
          const end = LEFT + length;
          return (
            <Mark
              key={number}
              index={i}
              roving={roving}
              pressed={number === selected}
              look="rung-mark"
              onPress={() => onSelect(number)}
            >
              <rect class="back" x="1" y={y} width={width - 2} height={LINE - 4} rx="4" />
              <text class="strong" x="10" y={y + 15}>
                {number}
              </text>
              <text x={LEFT} y={y + 15}>
                {shortened(title, (width - LEFT - 8) / 6.1)}
              </text>
              {value !== null && <rect class="bar" x={LEFT} y={y + 22} width={length} height="11" rx="1.5" />}
              {spread > 1 && <path class="whisker" d={`M${end - spread} ${y + 27.5}H${end + spread}`} />}
              <text class="value" x={end + Math.max(6, spread + 5)} y={y + 32}>
                {label(bars, row, metric)}
              </text>
            </Mark>
          );
        })}
      </g>
      <Note lines={note} x={NOTE_LEFT} y={TOP + LINE * bars.length + 16} />
    </svg>
  );
}

function spreadOf(row: KernelsRow | undefined, metric: LadderMetric): number {
  return metric === 'time' ? (row?.time?.spread ?? 0) : 0;
}

function label(bars: readonly RungBar[], row: KernelsRow | undefined, metric: LadderMetric): string {
  if (!row) return 'not run yet';
  if (row.failed !== null) return 'not run here';
  if (row.wrong) return 'WRONG';
  if (!row.time) return '…';
  const ratio = over(bars, row);
  const figure =
    metric === 'time' ? `${formatNumber(row.time.median, 3)} ms` : `${formatNumber(row.gflops, 3)} GFLOP/s`;
  return ratio && row.ladder?.number !== bars[0]?.number ? `${figure}, ${ratio}` : figure;
}

/** How many times as fast as the first version. */
function over(bars: readonly RungBar[], row: KernelsRow | undefined): string | undefined {
  const first = bars[0]?.row?.time?.median;
  return first && row?.time ? `${formatNumber(first / row.time.median, 3)} ×` : undefined;
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, Math.max(1, Math.floor(most) - 1)).trimEnd()}…` : text;
}
