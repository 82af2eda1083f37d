import type uPlot from 'uplot';
import type { Interval } from '../../measure/statistics/interval.ts';
import type { ValueScale } from './valueScale.ts';

/** The intervals of one curve, a row each; null where there is none. */
export interface Band {
  readonly colour: string;
  /** Where its rows lie. */
  readonly xs: readonly number[];
  readonly intervals: readonly (Interval | null)[];
}

/** How far above what is known a band sets the axis's scale, as a factor: its upper end may be anywhere. */
const STRAY = 4;

/**
 * The 95 % band of a curve: filled between its ends, to the top of the plot where the upper one is open. There a dashed line
 * marks the lower end, which is all that is known.
 */
export function drawBand(chart: uPlot, { colour, xs, intervals }: Band): void {
  const { ctx, bbox } = chart;
  const { min, max } = chart.scales.x!;
  const [top, bottom] = [bbox.top, bbox.top + bbox.height];
  const log = chart.scales.y!.distr === 3;
  const x = (row: number): number => chart.valToPos(xs[row]!, 'x', true);
  const y = (end: number | null): number => {
    if (end === null) return top;
    if (log && end <= 0) return bottom;
    return Math.min(bottom, Math.max(top, chart.valToPos(end, 'y', true)));
  };
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour;
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  const inside = (row: number): boolean =>
    (xs[row + 1] ?? xs[row]!) >= min! && (xs[row - 1] ?? xs[row]!) <= max!;
  for (let row = 0; row < xs.length; ) {
    const from = row;
    const open = isOpen(intervals[row]);
    while (row < xs.length && intervals[row] && inside(row) && isOpen(intervals[row]) === open) row++;
    if (row === from) {
      row++;
      continue;
    }
    // Up to the first row of what follows, so that no gap shows between them.
    const to = row < xs.length && intervals[row] ? row : row - 1;
    ctx.globalAlpha = open ? 0.1 : 0.2;
    ctx.beginPath();
    for (let i = from; i <= to; i++) ctx.lineTo(x(i), y(intervals[i]![0]));
    for (let i = to; i >= from; i--) ctx.lineTo(x(i), y(open ? null : intervals[i]![1]));
    ctx.fill();
    if (!open) continue;
    ctx.globalAlpha = 0.8;
    ctx.beginPath();
    for (let i = from; i <= to; i++) ctx.lineTo(x(i), y(intervals[i]![0]));
    ctx.stroke();
  }
  ctx.restore();
}

function isOpen(interval: Interval | null | undefined): boolean {
  return !!interval && interval[1] === null;
}

/**
 * What of the bands the value axis should show: all lower ends, and upper ones that lie near; of a logarithmic one what is positive.
 * null without any.
 */
export function bandExtent(bands: readonly Band[], scale: ValueScale): readonly [number, number] | null {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { intervals } of bands) {
    for (const interval of intervals) {
      const [low, high] = interval ?? [null, null];
      if (low === null || (scale === 'log' && low <= 0)) continue;
      least = Math.min(least, low);
      most = Math.max(most, high === null ? low : low > 0 ? Math.min(high, STRAY * low) : high);
    }
  }
  return least <= most ? [least, most] : null;
}
