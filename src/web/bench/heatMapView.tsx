import type { HeatMap } from '../../bench/kernelsReport.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { Picture } from '../picture.tsx';
import { PlotFrame } from './plotFrame.tsx';
import type { RunView } from './runView.ts';
import { sourceLines } from './sourceLine.ts';

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
      draw={() => (
        <Picture
          of={heatMap}
          draw={({ drawHeatMap }, look) => drawHeatMap(heatMap!, sourceLines(run!), look)}
        />
      )}
      table={heatMap && <Equivalent heatMap={heatMap} />}
    />
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
