import { areaY, dot, line, type Markish, plot, rect, ruleX } from '@observablehq/plot';
import type { FigureMark, FigurePoint, Panel } from '../../experiments/figure.ts';
import { formatNumber } from '../formatNumber.ts';
import { axisMargins, axisMarks } from './axisMarks.ts';
import { type AxisScale, axisScale } from './axisScale.ts';
import { bare } from './bare.ts';
import { curveNames, curveStyle, isMarked } from './curveStyle.ts';
import type { Frame } from './frame.ts';
import { legend } from './legend.ts';
import { type Look, PALETTES } from './look.ts';
import { stacked } from './stacked.ts';

/** Height of a chart without its legend. */
const HEIGHT = 240;
/** Curves that are told of in words. */
const MOST_TOLD = 8;

/** The frame of a chart's curves. */
export function panelFrame(panel: Panel, width: number) {
  const x = axisScale(panel.x, panel.marks.flatMap(placesOf));
  const y = axisScale(panel.y, panel.marks.filter((mark) => !isRight(mark)).flatMap(heightsOf));
  const right = panel.right && axisScale(panel.right, panel.marks.filter(isRight).flatMap(heightsOf));
  const margins = axisMargins(y, right);
  return { x, y, right, margins, width, height: HEIGHT } satisfies Frame & Record<string, unknown>;
}

/**
 * A chart: lines, points with their intervals, areas, bands, one or two axes of y, and its legend. Dashes and shapes tell curves apart where colours
 * do not.
 */
export function drawPanel(panel: Panel, look: Look): SVGSVGElement {
  const palette = PALETTES[look.theme];
  const names = curveNames(panel);
  const { x, y, right, margins } = panelFrame(panel, look.width);
  const marksOf = (mark: FigureMark): Markish[] => {
    if (mark.mark === 'band') {
      const [y1, y2] = mark.range;
      const place = { x1: x.range[0], x2: x.range[1], y1, y2 };
      return [rect([0], { ...place, fill: palette.curves[2], fillOpacity: 0.14 })];
    }
    const style = curveStyle(names.indexOf(mark.name), mark.look, palette);
    const { colour } = style;
    if (mark.mark === 'area') {
      const shown = mark.points.filter((point) => x.shows(point.x) && point.range.every(y.shows));
      return [
        areaY(shown, {
          x: 'x',
          y1: ({ range }) => range[0],
          y2: ({ range }) => range[1],
          fill: colour,
          fillOpacity: 0.2,
        }),
      ];
    }
    const own = isRight(mark) ? right! : y;
    const placed = (value: number): number => (own === y ? value : y.at(own.share(value)));
    const points = mark.points
      .filter((point) => x.shows(point.x))
      .map((point) => ({ ...point, y: own.shows(point.y) ? placed(point.y) : Number.NaN }));
    const shown = points.filter((point) => !Number.isNaN(point.y));
    const whiskers = shown.filter(({ interval }) => interval);
    const place = { x: 'x', y: 'y' } as const;
    return [
      ...(mark.mark === 'line'
        ? [
            line(points, {
              ...place,
              stroke: colour,
              strokeWidth: style.width,
              strokeOpacity: style.opacity,
              strokeDasharray: style.dash,
              className: 'curve',
            }),
          ]
        : []),
      ruleX(whiskers, {
        x: 'x',
        y1: ({ interval }) => placed(endOf(own, interval![0], 0)),
        y2: ({ interval }) => placed(endOf(own, interval![1], 1)),
        stroke: colour,
        strokeWidth: 2,
        className: 'whisker',
      }),
      ...(isMarked(mark)
        ? [
            dot(shown, {
              ...place,
              symbol: style.symbol,
              fill: style.fill,
              stroke: colour,
              r: mark.mark === 'dots' ? 4 : 2.5,
              className: 'dots',
            }),
          ]
        : []),
    ];
  };
  const drawn = bare(
    plot({
      document: look.document,
      width: look.width,
      height: HEIGHT,
      ...margins,
      x: { type: x.log ? 'log' : 'linear', domain: [...x.range], axis: null },
      y: { type: y.log ? 'log' : 'linear', domain: [...y.range], axis: null },
      marks: [axisMarks(x, y, right, palette), panel.marks.map(marksOf)],
    }),
  );
  return stacked([drawn, legend(panel, look)], look, {
    label: `${panel.title}: ${panel.y.label}${panel.right ? ` and ${panel.right.label}` : ''} over ${panel.x.label}; ${told(panel)}`,
  });
}

function isRight(mark: FigureMark): boolean {
  return 'right' in mark && mark.right === true;
}

/** An open end, or one that a logarithm has not, is the chart's edge: 0 the lower, 1 the upper. */
function endOf(scale: AxisScale, end: number | null, edge: 0 | 1): number {
  return scale.shows(end) ? end : scale.range[edge];
}

/** What the axes must hold. */
function placesOf(mark: FigureMark): number[] {
  return mark.mark === 'band' ? [] : mark.points.map(({ x }) => x);
}

function heightsOf(mark: FigureMark): number[] {
  if (mark.mark === 'band') return [...mark.range];
  if (mark.mark === 'area') return mark.points.flatMap(({ range }) => [...range]);
  return mark.points.flatMap(({ y, interval }) =>
    [y, ...(interval ?? [])].filter((value): value is number => value !== null),
  );
}

/** The last point of each curve, in words. */
function told({ marks }: Panel): string {
  return marks
    .flatMap((mark) => {
      if (mark.mark !== 'line' && mark.mark !== 'dots') return [];
      const last: FigurePoint | undefined = mark.points.at(-1);
      return last ? [`${mark.name} ${formatNumber(last.y, 3)} at ${formatNumber(last.x, 4)}`] : [];
    })
    .slice(0, MOST_TOLD)
    .join(', ');
}
