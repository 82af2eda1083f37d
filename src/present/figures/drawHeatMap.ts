import { axisX, axisY, cell, plot, text } from '@observablehq/plot';
import type { HeatMap, HeatMapCell } from '../../bench/kernelsReport.ts';
import { formatNumber } from '../formatNumber.ts';
import { bare } from './bare.ts';
import { type Look, PALETTES } from './look.ts';
import { mixColours } from './mixColours.ts';
import { stacked } from './stacked.ts';
import { svgElement } from './svgElement.ts';
import { TEXT_SIZE, wrapText } from './textWidth.ts';

const LEFT = 84;
const TOP = 40;
const CELL = { width: 110, height: 46 } as const;
const LINE = 15;

/**
 * A product's speed over tile sizes: the further from the ground's colour, the faster; the fastest framed; a pointer that rests on a cell is told its
 * time.
 * @param notes where the numbers come from, a line each
 */
export function drawHeatMap(heatMap: HeatMap, notes: readonly string[], look: Look): SVGSVGElement {
  const palette = PALETTES[look.theme];
  const { rows, columns, cells, shape } = heatMap;
  const most = Math.max(...cells.map(({ gflops }) => gflops ?? 0)) || 1;
  const heated = cells.map((each) => ({ ...each, heat: ((each.gflops ?? 0) / most) ** 1.5 }));
  const width =
    LEFT + columns.values.length * Math.min(CELL.width, (look.width - LEFT - 8) / columns.values.length);
  const place = { x: 'column', y: 'row', inset: 1, rx: 3 };
  const axis = { color: palette.muted, fontSize: TEXT_SIZE.label, tickSize: 0, labelArrow: 'none' as const };
  const drawn = bare(
    plot({
      document: look.document,
      width,
      height: TOP + CELL.height * rows.values.length,
      marginLeft: LEFT,
      marginTop: TOP,
      marginRight: 0,
      marginBottom: 0,
      x: { type: 'band', domain: columns.values, padding: 0 },
      y: { type: 'band', domain: rows.values, padding: 0 },
      marks: [
        axisX({ ...axis, anchor: 'top', label: columns.knob, labelAnchor: 'center' }),
        axisY({ ...axis, label: rows.knob, labelAnchor: 'center', labelOffset: LEFT - 6 }),
        cell(heated, {
          ...place,
          fill: ({ heat }) => mixColours(palette.grid, palette.curves[0]!, heat),
          title: (each) => told(heatMap, each),
        }),
        cell(
          heated.filter(({ heat }) => heat === 1),
          { ...place, inset: 2, stroke: palette.text, strokeWidth: 2 },
        ),
        text(heated, {
          x: 'column',
          y: 'row',
          text: ({ gflops }) => (gflops === null ? '✕' : formatNumber(gflops, 3)),
          fill: ({ heat }) => (heat > 0.7 ? palette.card : palette.text),
          fontSize: TEXT_SIZE.label,
          pointerEvents: 'none',
        }),
      ],
    }),
  );
  const failed = cells.some((each) => each.failed !== null) ? '; ✕: did not run' : '';
  const lines = [`GFLOP/s of ${shape}; framed: the fastest${failed}`, ...notes].flatMap((line) =>
    line === '' ? [] : wrapText(line, TEXT_SIZE.note, look.width - 16),
  );
  const about = svgElement(
    look.document,
    'svg',
    { width: look.width, height: LINE * lines.length + 12 },
    lines.map((line, i) =>
      svgElement(
        look.document,
        'text',
        { x: 8, y: LINE * (i + 1) + 3, fill: palette.muted, 'font-size': TEXT_SIZE.note },
        [line],
      ),
    ),
  );
  return stacked([drawn, about], look, {
    label: `Tile sizes: GFLOP/s by ${rows.knob} and ${columns.knob}; the table below has the numbers.`,
  });
}

function told({ rows, columns }: HeatMap, { row, column, time, gflops, failed }: HeatMapCell): string {
  const where = `${rows.knob} = ${row}, ${columns.knob} = ${column}`;
  if (failed !== null) return `${where}: ${failed}`;
  return `${where}: ${formatNumber(time?.median, 3)} ± ${formatNumber(time?.spread, 2)} ms, ${formatNumber(gflops, 3)} GFLOP/s`;
}
