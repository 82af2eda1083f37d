import type { HeatMap, HeatMapCell } from '../../bench/kernelsReport.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { Note } from './note.tsx';
import { PlotFrame } from './plotFrame.tsx';
import type { RunView } from './runView.ts';

const LEFT = 64;
const TOP = 34;
const CELL_HEIGHT = 46;

interface HeatMapProps {
  run: RunView | undefined;
  busy: boolean;
  /** Times the tile sizes; undefined without an adapter. */
  onRun: (() => void) | undefined;
}

/** A product's speed over tile sizes: the darker, the faster. */
export function HeatMapView({ run, busy, onRun }: HeatMapProps) {
  const heatMap = run?.heatMap ?? null;
  return (
    <PlotFrame
      id="tiles"
      title={heatMap ? `Tile sizes of ${heatMap.kernel}` : 'Tile sizes'}
      tools={
        <button type="button" disabled={busy || !onRun} onClick={onRun}>
          Time the tile sizes
        </button>
      }
      empty={
        heatMap
          ? undefined
          : 'No tile sizes were timed in this run. They are part of a full run, not of a quick one or of single families.'
      }
      draw={(width) => <Drawing run={run!} heatMap={heatMap!} width={width} />}
      table={heatMap && <Equivalent heatMap={heatMap} />}
    />
  );
}

function Drawing({ run, heatMap, width }: { run: RunView; heatMap: HeatMap; width: number }) {
  const { rows, columns, cells, shape } = heatMap;
  const cellWidth = Math.min(110, (width - LEFT - 8) / columns.values.length);
  const height = TOP + CELL_HEIGHT * rows.values.length + 62;
  const most = Math.max(...cells.map(({ gflops }) => gflops ?? 0)) || 1;
  return (
    <svg
      class="plot-svg heat-svg"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`Tile sizes: GFLOP/s by ${rows.knob} and ${columns.knob}; the table below has the numbers.`}
    >
      <text class="axis" x={LEFT} y="13">
        {columns.knob} →
      </text>
      <text class="axis" x="8" y={TOP - 4}>
        {rows.knob} ↓
      </text>
      {columns.values.map((value, i) => (
        <text key={value} x={LEFT + cellWidth * (i + 0.5)} y={TOP - 6} text-anchor="middle">
          {value}
        </text>
      ))}
      {rows.values.map((value, i) => (
        <text key={value} x={LEFT - 8} y={TOP + CELL_HEIGHT * (i + 0.5) + 4} text-anchor="end">
          {value}
        </text>
      ))}
      {cells.map((cell) => {
        const x = LEFT + cellWidth * columns.values.indexOf(cell.column);
        const y = TOP + CELL_HEIGHT * rows.values.indexOf(cell.row);
        const heat = ((cell.gflops ?? 0) / most) ** 1.5;
        return (
          <g key={`${cell.row} ${cell.column}`} class={heat > 0.7 ? 'cell hot' : 'cell'}>
            <title>{described(heatMap, cell)}</title>
            <rect
              x={x + 1}
              y={y + 1}
              width={cellWidth - 2}
              height={CELL_HEIGHT - 2}
              rx="3"
              class="cell-back"
            />
            <rect
              x={x + 1}
              y={y + 1}
              width={cellWidth - 2}
              height={CELL_HEIGHT - 2}
              rx="3"
              class="heat"
              style={{ 'fill-opacity': heat }}
            />
            <text x={x + cellWidth / 2} y={y + CELL_HEIGHT / 2 + 4} text-anchor="middle">
              {cell.gflops === null ? '✕' : formatNumber(cell.gflops, 3)}
            </text>
            {heat === 1 && (
              <rect class="best" x={x + 2} y={y + 2} width={cellWidth - 4} height={CELL_HEIGHT - 4} rx="2" />
            )}
          </g>
        );
      })}
      <text class="note" x="8" y={height - 38}>
        GFLOP/s of {shape}; framed: the fastest
        {cells.some(({ failed }) => failed !== null) && '; ✕: did not run'}
      </text>
      <Note run={run} x={8} y={height - 20} />
    </svg>
  );
}

function Equivalent({ heatMap: { rows, columns, cells } }: { heatMap: HeatMap }) {
  return (
    <table>
      <caption class="visually-hidden">
        GFLOP/s by {rows.knob} (rows) and {columns.knob} (columns)
      </caption>
      <thead>
        <tr>
          <th scope="col">
            {rows.knob} \ {columns.knob}
          </th>
          {columns.values.map((value) => (
            <th key={value} scope="col">
              {value}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.values.map((row) => (
          <tr key={row}>
            <th scope="row">{row}</th>
            {columns.values.map((column) => {
              const cell = cells.find((each) => each.row === row && each.column === column);
              return <td key={column}>{cell?.failed ?? formatNumber(cell?.gflops, 3)}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function described({ rows, columns }: HeatMap, { row, column, time, gflops, failed }: HeatMapCell): string {
  const where = `${rows.knob} = ${row}, ${columns.knob} = ${column}`;
  if (failed !== null) return `${where}: ${failed}`;
  return `${where}: ${formatNumber(time?.median, 3)} ± ${formatNumber(time?.spread, 2)} ms, ${formatNumber(gflops, 3)} GFLOP/s`;
}
