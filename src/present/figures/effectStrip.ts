import type { Interval } from '../../measure/statistics/interval.ts';

/** An effect with its interval, and the margin that it is held against. */
export interface StripEffect {
  readonly estimate: number | null;
  readonly interval: Interval;
  readonly margin: Interval | null;
}

/** A stretch of a line, in percent of its length. */
export interface Stretch {
  readonly left: number;
  readonly width: number;
}

/** Where margin, interval and estimate lie along one line. */
export interface EffectStrip {
  readonly band: Stretch | null;
  readonly bar: Stretch | null;
  /** Ends of the interval that are open. */
  readonly open: readonly [low: boolean, high: boolean];
  readonly mark: number | null;
}

/** Of a line beyond what it must show, as a share of it. */
const ROOM = 0.2;
/** Ratios of ends as far apart as this are seen on the scale of their logarithms. */
const FAR = 20;

/** An effect against its margin along a line whose scale is its own; null where there is nothing to be seen. */
export function effectStrip({ estimate, interval, margin }: StripEffect): EffectStrip | null {
  const ends = [...interval, ...(margin ?? []), estimate].filter((end): end is number => end !== null);
  if (ends.length === 0) return null;
  const log = Math.min(...ends) > 0 && Math.max(...ends) / Math.min(...ends) > FAR;
  const scale = (value: number): number => (log ? Math.log(value) : value);
  const [least, most] = [Math.min(...ends.map(scale)), Math.max(...ends.map(scale))];
  const room = ROOM * (most - least) || Math.max(Math.abs(most), 1e-9) / 2;
  const place = (value: number | null, open: number): number =>
    value === null ? open : (100 * (scale(value) - least + room)) / (most - least + 2 * room);
  const stretch = ([low, high]: Interval): Stretch => {
    const [from, to] = [place(low, 0), place(high, 100)];
    return { left: from, width: Math.max(0, to - from) };
  };
  return {
    band: margin && stretch(margin),
    bar: estimate === null ? null : stretch(interval),
    open: [interval[0] === null, interval[1] === null],
    mark: estimate === null ? null : place(estimate, 0),
  };
}
