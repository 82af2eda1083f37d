import { contour, dot, line, type Markish, plot, type RenderFunction, rect, text } from '@observablehq/plot';
import type { Axis, ContourPanel } from '../../experiments/figure.ts';
import { linearTicks, logTicks } from '../axis.ts';
import { formatNumber } from '../formatNumber.ts';
import { axisMargins, axisMarks } from './axisMarks.ts';
import { axisScale } from './axisScale.ts';
import { bare } from './bare.ts';
import type { Frame } from './frame.ts';
import { type Look, PALETTES, type Palette } from './look.ts';
import { mixColours } from './mixColours.ts';
import { LABEL_GAP, placeLabels } from './placeLabels.ts';
import { stacked } from './stacked.ts';
import { svgElement } from './svgElement.ts';
import { TEXT_SIZE, textWidth } from './textWidth.ts';

/** The picture's height over its width, at the least and at the most: between them a length is the same along both axes. */
const HEIGHTS = [0.6, 1.3] as const;
/** Levels, about. */
const LEVELS = 9;
const BAR = 14;

/** The frame of levels, what they are, and the room of the bar that tells them. */
export function contourFrame(panel: ContourPanel, width: number) {
  const { grid, values, quantity } = panel;
  const ends = ([first, last]: readonly [number, number]) => ({ range: [first, last] as const });
  const x = axisScale({ ...panel.x, ...ends(endsOf(grid.x)) }, []);
  const y = axisScale({ ...panel.y, ...ends(endsOf(grid.y)) }, []);
  const levels = levelsOf(values.flat(), quantity);
  const barRoom =
    BAR + 12 + Math.max(...levels.map((level) => textWidth(levelText(level), TEXT_SIZE.label)), 0);
  const margins = { ...axisMargins(y, undefined), marginRight: barRoom + 10 };
  const room = width - margins.marginLeft - margins.marginRight;
  const [least, most] = HEIGHTS.map((share) => share * room) as [number, number];
  const tall = Math.min(
    most,
    Math.max(least, (room * (y.range[1] - y.range[0])) / (x.range[1] - x.range[0])),
  );
  const height = Math.round(tall) + margins.marginTop + margins.marginBottom;
  return { x, y, margins, width, height, levels, barRoom } satisfies Frame & Record<string, unknown>;
}

/** Levels over a plane, filled the darker (on a dark ground the lighter) the higher, with named points and a bar that tells the levels. */
export function drawContours(panel: ContourPanel, look: Look): SVGSVGElement {
  const palette = PALETTES[look.theme];
  const { grid, values, quantity, points, paths = [] } = panel;
  const { x, y, margins, height, levels, barRoom } = contourFrame(panel, look.width);
  const fills = levelFills(levels.length + 1, palette);
  const of = (value: number): number => (quantity.log ? Math.log(value) : value);
  // Above all levels where there is no value, and not so far that the level next to it moves.
  const missing = levels.length > 0 ? of(levels.at(-1)!) + 1 : 1;
  const [halfX, halfY] = [halfStep(grid.x), halfStep(grid.y)];
  const frame = { x1: x.range[0], x2: x.range[1], y1: y.range[0], y2: y.range[1] };
  const area: Markish[] = [
    rect([0], { ...frame, fill: fills[0] }),
    ...(levels.length === 0
      ? []
      : [
          contour(
            values.flat().map((value) => (value === null ? missing : of(value))),
            {
              width: grid.x.length,
              height: grid.y.length,
              // A value is that of its grid point, which Plot takes as the middle of a pixel.
              x1: x.range[0] - halfX,
              x2: x.range[1] + halfX,
              y1: y.range[0] - halfY,
              y2: y.range[1] + halfY,
              thresholds: levels.map(of),
              fill: (value: number) => value,
              stroke: palette.text,
              strokeOpacity: 0.45,
              strokeWidth: 0.75,
              className: 'contours',
              render: cutAtFrame,
            },
          ),
        ]),
    rect([0], { ...frame, stroke: palette.muted }),
  ];
  const gaps = values.flatMap((row, j) =>
    row.flatMap((value, i) => (value === null ? [{ x: grid.x[i]!, y: grid.y[j]! }] : [])),
  );
  const room = {
    width: look.width - margins.marginLeft - margins.marginRight,
    height: height - margins.marginTop - margins.marginBottom,
  };
  const places = placeLabels(
    points.map((point) => ({
      name: point.name,
      x: x.share(point.x) * room.width,
      y: (1 - y.share(point.y)) * room.height,
    })),
    TEXT_SIZE.label,
    room.width,
  );
  const names = points.map((point, i) =>
    text([point], {
      x: 'x',
      y: 'y',
      text: 'name',
      dx: places[i]!.anchor === 'start' ? LABEL_GAP : -LABEL_GAP,
      dy: places[i]!.dy,
      textAnchor: places[i]!.anchor,
      fontSize: TEXT_SIZE.label,
      fontWeight: 600,
      fill: palette.text,
      stroke: palette.card,
      strokeWidth: 4,
    }),
  );
  const drawn = bare(
    plot({
      document: look.document,
      width: look.width,
      height,
      ...margins,
      x: { domain: [...x.range], axis: null },
      y: { domain: [...y.range], axis: null },
      color: { type: 'threshold', domain: levels.map(of), range: fills },
      marks: [
        axisMarks(x, y, undefined, palette),
        area,
        dot(gaps, { x: 'x', y: 'y', symbol: 'times', r: 2.5, stroke: palette.card, strokeWidth: 1.25 }),
        paths.map((path) => [
          line(path, { x: 'x', y: 'y', stroke: palette.card, strokeWidth: 4, strokeOpacity: 0.8 }),
          line(path, { x: 'x', y: 'y', stroke: palette.text, strokeWidth: 1.5, className: 'path' }),
          dot(path, { x: 'x', y: 'y', r: 2.5, fill: palette.text, stroke: palette.card }),
        ]),
        dot(points, {
          x: 'x',
          y: 'y',
          symbol: 'circle',
          r: 4.5,
          fill: palette.card,
          stroke: palette.text,
          strokeWidth: 2,
          className: 'points',
        }),
        names,
      ],
    }),
  );
  drawn.append(
    levelBar(levels, fills, look, {
      x: look.width - barRoom,
      y: margins.marginTop,
      height: height - margins.marginTop - margins.marginBottom,
      width: barRoom,
    }),
  );
  return stacked([drawn], look, {
    label:
      `${panel.title}: ${quantity.label} over ${panel.x.label} and ${panel.y.label}, ` +
      `${levels.length === 0 ? 'the same everywhere' : `levels from ${levelText(levels[0]!)} to ${levelText(levels.at(-1)!)}`}; ` +
      points
        .map((point) => `${point.name} at (${formatNumber(point.x, 3)}, ${formatNumber(point.y, 3)})`)
        .join(', '),
  });
}

/** Round levels within the values: as many times one another where that is asked for and the values allow it. */
function levelsOf(values: readonly (number | null)[], { log, range }: Axis): number[] {
  const known = range ?? values.filter((value) => value !== null);
  if (known.length === 0) return [];
  const least = known.reduce((a, b) => Math.min(a, b));
  const most = known.reduce((a, b) => Math.max(a, b));
  if (!(most > least)) return [];
  const levels = log && least > 0 ? logLevels(least, most) : linearTicks(least, most, LEVELS);
  return levels.filter((level) => level > least && level < most);
}

/** 1, 2 and 5 times powers of ten; evenly spaced logarithms where those are too few or too many. */
function logLevels(least: number, most: number): number[] {
  const round = logTicks(least, most);
  if (round.length >= LEVELS / 2 && round.length <= 1.5 * LEVELS) return round;
  const step = (most / least) ** (1 / (LEVELS + 1));
  return Array.from({ length: LEVELS }, (_, i) => Number((least * step ** (i + 1)).toPrecision(2)));
}

/** From the palette's lowest to its highest, in even steps, so that lightness goes one way. */
function levelFills(count: number, { levels: [lowest, highest] }: Palette): string[] {
  return Array.from({ length: count }, (_, i) =>
    mixColours(lowest, highest, count === 1 ? 0 : i / (count - 1)),
  );
}

/** The bar: each level's number where its line is. */
function levelBar(
  levels: readonly number[],
  fills: readonly string[],
  { document, theme }: Look,
  place: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): SVGSVGElement {
  const palette = PALETTES[theme];
  const step = place.height / fills.length;
  const at = (i: number): number => place.height - i * step;
  const bar = bare(
    plot({
      document,
      width: place.width,
      height: place.height,
      margin: 0,
      x: { axis: null, domain: [0, place.width], range: [0, place.width] },
      y: { axis: null, domain: [0, place.height], range: [0, place.height] },
      marks: [
        fills.map((fill, i) => rect([0], { x1: 0, x2: BAR, y1: at(i + 1), y2: at(i), fill })),
        levels.map((level, i) =>
          text([0], {
            x: BAR + 6,
            y: at(i + 1),
            text: [levelText(level)],
            textAnchor: 'start',
            fontSize: TEXT_SIZE.label,
            fill: palette.muted,
          }),
        ),
        rect([0], { x1: 0, x2: BAR, y1: 0, y2: place.height, stroke: palette.muted }),
      ],
    }),
  );
  bar.setAttribute('x', `${place.x}`);
  bar.setAttribute('y', `${place.y}`);
  return bar;
}

function levelText(level: number): string {
  return formatNumber(level, 2);
}

function endsOf(values: readonly number[]): readonly [number, number] {
  return [values[0]!, values.at(-1)!];
}

/** Half of what lies between two grid points. */
function halfStep(values: readonly number[]): number {
  return (values.at(-1)! - values[0]!) / (2 * (values.length - 1));
}

/** What lies beyond the frame is not shown; by an `<svg>` of its own, since clip paths need names that are unique on a page. */
const cutAtFrame: RenderFunction = (index, scales, values, dimensions, context, next) => {
  const { width, height, marginLeft: x, marginTop: y, marginRight, marginBottom } = dimensions;
  const [w, h] = [width - x - marginRight, height - y - marginBottom];
  const place = { x, y, width: w, height: h, viewBox: `${x} ${y} ${w} ${h}`, overflow: 'hidden' };
  const drawn = next!(index, scales, values, dimensions, context);
  return svgElement(context.document, 'svg', place, drawn ? [drawn] : []);
};
