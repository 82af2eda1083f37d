import { useState } from 'preact/hooks';
import type { Ceilings, KernelsRow } from '../../bench/kernelsReport.ts';
import { attainable } from '../../bench/roofline.ts';
import { logTicks } from '../../present/axis.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { familyColours } from './familyColour.ts';
import { foldLines } from './foldLines.ts';
import { Mark, useRoving } from './mark.tsx';
import { NOTE_LINE, Note } from './note.tsx';
import { PlotFrame } from './plotFrame.tsx';
import { rowName } from './rowName.ts';
import type { RunView } from './runView.ts';
import { sourceLine, sourceLines } from './sourceLine.ts';

/** With a note of two lines. */
const HEIGHT = 346;
const NOTE_LEFT = 8;
/** Above the plot, where no point is: what is said of the point that is picked or pointed at. */
const LABEL_LINE = 16;
const MARGIN = { left: 52, right: 14, top: 14, bottom: 74 };

/** A row that has a place under the roofline: it is timed, and computes something. */
type Point = KernelsRow & { readonly gflops: number };

interface RooflineProps {
  run: RunView;
  /** The rows that the table shows. */
  rows: readonly KernelsRow[];
  selected: string | undefined;
  onSelect(id: string): void;
}

/**
 * Williams, Waterman & Patterson 2009: what each kernel reaches, under what this adapter reaches at most. Not drawn by Plot: its points are buttons that
 * keep the focus, and the label of the roof lies along it.
 */
export function RooflinePlot({ run, rows, selected, onSelect }: RooflineProps) {
  const points = rows
    .filter((row): row is Point => row.gflops !== null && row.gflops > 0 && row.intensity > 0)
    .sort((a, b) => a.intensity - b.intensity || a.gflops - b.gflops);
  const { ceilings } = run;
  const off = rows.filter(({ time, flops }) => time && flops === 0).length;
  return (
    <PlotFrame
      id="roofline"
      title="Roofline"
      empty={
        ceilings && points.length > 0
          ? undefined
          : 'Kernels appear here under the ceilings as they are timed.'
      }
      draw={(width) => (
        <Drawing run={run} ceilings={ceilings!} points={points} {...{ width, selected, onSelect }} />
      )}
      table={
        <table>
          <thead>
            <tr>
              <th scope="col">Kernel</th>
              <th scope="col">flop/byte</th>
              <th scope="col">GFLOP/s</th>
              <th scope="col">ceiling there</th>
            </tr>
          </thead>
          <tbody>
            {points.map((row) => (
              <tr key={row.id}>
                <th scope="row">{rowName(row)}</th>
                <td>{formatNumber(row.intensity, 3)}</td>
                <td>{formatNumber(row.gflops, 3)}</td>
                <td>{ceilings && formatNumber(attainable(row.intensity, ceilings), 3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      }
    >
      {off > 0 && <p class="hint">What only moves data has no place here; the table has it.</p>}
    </PlotFrame>
  );
}

interface DrawingProps extends Omit<RooflineProps, 'rows'> {
  ceilings: Ceilings;
  points: readonly Point[];
  width: number;
}

function Drawing({ run, ceilings, points, width, selected, onSelect }: DrawingProps) {
  const [pointed, setPointed] = useState<string>();
  const roving = useRoving(
    points.length,
    points.findIndex(({ id }) => id === selected),
  );
  const colours = familyColours(run.rows);
  const labelLines = width < 420 ? 3 : 2;
  const top = MARGIN.top + LABEL_LINE * labelLines;
  const bottom = HEIGHT + LABEL_LINE * labelLines - MARGIN.bottom;
  const peak = ceilings.fmaPeak.median;
  const bandwidth = ceilings.copyBandwidth.median;
  const ridge = peak / bandwidth;
  const intensities = points.map(({ intensity }) => intensity);
  const rates = points.map(({ gflops }) => gflops);
  const x = logScale(
    [Math.min(ridge / 8, ...intensities) / 1.4, Math.max(ridge * 4, ...intensities) * 1.4],
    [MARGIN.left, width - MARGIN.right],
  );
  const y = logScale(
    [Math.min(attainable(x.from, ceilings), ...rates) / 1.5, Math.max(peak, ...rates) * 1.8],
    [bottom, top],
  );
  const left = x.from;
  // Where the slanted roof crosses the lower edge, or the left one.
  const foot = Math.max(left, y.from / bandwidth);
  const angle = (Math.atan2(y(peak) - y(bandwidth * foot), x(ridge) - x(foot)) * 180) / Math.PI;
  const middle = Math.sqrt(foot * ridge);
  const labelled = points.find(({ id }) => id === (pointed ?? selected));
  const note = foldLines(sourceLines(run), width - 2 * NOTE_LEFT);
  const height = bottom + MARGIN.bottom + NOTE_LINE * (note.length - 2);
  return (
    <svg
      class="plot-svg"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-label="Roofline: arithmetic intensity against GFLOP/s. Arrow keys go from kernel to kernel, Enter shows its source."
    >
      <title>{`Roofline: ${sourceLine(run)}`}</title>
      <g class="grid">
        {logTicks(x.from, x.to).map((tick) => (
          <g key={tick}>
            <line x1={x(tick)} x2={x(tick)} y1={top} y2={bottom} />
            <text x={x(tick)} y={bottom + 16} text-anchor="middle">
              {formatNumber(tick, 2)}
            </text>
          </g>
        ))}
        {logTicks(y.from, y.to).map((tick) => (
          <g key={tick}>
            <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
            <text x={MARGIN.left - 6} y={y(tick) + 4} text-anchor="end">
              {formatNumber(tick, 2)}
            </text>
          </g>
        ))}
        <text class="axis" x={width - MARGIN.right} y={bottom + 32} text-anchor="end">
          arithmetic intensity, flop/byte
        </text>
        <text class="axis" x={MARGIN.left + 4} y={top + 10}>
          GFLOP/s
        </text>
      </g>
      <g class="roof">
        <polyline
          points={`${x(foot)},${y(bandwidth * foot)} ${x(ridge)},${y(peak)} ${width - MARGIN.right},${y(peak)}`}
        />
      </g>
      <g class="points">
        {points.map((row, i) => (
          <Mark
            key={row.id}
            index={i}
            roving={roving}
            label={`${rowName(row)}: ${formatNumber(row.intensity, 3)} flop/byte, ${formatNumber(row.gflops, 3)} GFLOP/s${share(row)}`}
            pressed={row.id === selected}
            look="point"
            onPress={() => onSelect(row.id)}
            onPoint={(pointed) => setPointed(pointed ? row.id : undefined)}
          >
            <circle
              cx={x(row.intensity)}
              cy={y(row.gflops)}
              r={row.id === (labelled?.id ?? selected) ? 6.5 : 4.5}
              style={{ fill: colours.get(row.family) }}
            />
          </Mark>
        ))}
      </g>
      <g class="roof-label">
        <text
          transform={`translate(${x(middle)} ${y(bandwidth * middle) - 6}) rotate(${angle})`}
          text-anchor="middle"
        >
          copy {formatNumber(bandwidth, 3)} GB/s
        </text>
        <text x={width - MARGIN.right} y={y(peak) - 6} text-anchor="end">
          fma {formatNumber(peak, 3)} GFLOP/s
        </text>
      </g>
      {labelled && <Label row={labelled} width={width} most={labelLines} />}
      <Note lines={note} x={NOTE_LEFT} y={bottom + MARGIN.bottom - 20} />
    </svg>
  );
}

function Label({ row, width, most }: { row: Point; width: number; most: number }) {
  const figures = `${formatNumber(row.gflops, 3)} GFLOP/s${share(row)}`;
  const name = foldLines([rowName(row)], width - MARGIN.left).slice(0, most - 1);
  return (
    <g class="label">
      {[...name, figures].map((line, i) => (
        <text
          key={line}
          x={MARGIN.left + 4}
          y={LABEL_LINE * (i + 1) - 4}
          class={i < name.length ? 'strong' : undefined}
        >
          {line}
        </text>
      ))}
    </g>
  );
}

function share({ roofline }: KernelsRow): string {
  return roofline ? `, ${formatNumber(100 * roofline.share, 2)} % of the roofline` : '';
}

function logScale([from, to]: readonly [number, number], [start, end]: readonly [number, number]) {
  const scale = (value: number) => start + ((end - start) * Math.log(value / from)) / Math.log(to / from);
  return Object.assign(scale, { from, to });
}
