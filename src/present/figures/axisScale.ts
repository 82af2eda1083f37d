import type { Axis } from '../../experiments/figure.ts';
import { axisRange, linearTicks, logTicks } from '../axis.ts';

/** An axis with the values that it holds. */
export interface AxisScale {
  readonly label: string;
  readonly log: boolean;
  readonly range: readonly [number, number];
  readonly ticks: readonly number[];
  /** Whether a value can be drawn: a logarithm has none for what is not positive. */
  shows(value: number | null): value is number;
  /** From 0 at the lower end to 1 at the upper one. */
  share(value: number): number;
  /** The inverse. */
  at(share: number): number;
}

/** Ticks, about; a logarithmic axis with fewer than three round numbers has those of a linear one. */
const TICKS = 5;

/** An axis for these values; those that it cannot show are left aside. */
export function axisScale({ label, log = false, range: given }: Axis, values: readonly number[]): AxisScale {
  const shows = (value: number | null): value is number =>
    value !== null && Number.isFinite(value) && (!log || value > 0);
  const shown = values.filter(shows);
  const least = shown.reduce<number | null>((a, b) => (a === null ? b : Math.min(a, b)), null);
  const most = shown.reduce<number | null>((a, b) => (a === null ? b : Math.max(a, b)), null);
  const range = given ?? axisRange(least, most, log);
  const of = (value: number): number => (log ? Math.log(value) : value);
  const [low, high] = [of(range[0]), of(range[1])];
  const round = log ? logTicks(...range) : [];
  return {
    label,
    log,
    range,
    ticks: round.length >= 3 ? round : linearTicks(...range, TICKS),
    shows,
    share: (value) => (of(value) - low) / (high - low),
    at: (share) => {
      const value = low + share * (high - low);
      return log ? Math.exp(value) : value;
    },
  };
}
