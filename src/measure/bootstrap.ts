import { multiplyHigh } from '../data/sampler.ts';
import { purpose } from '../nn/purpose.ts';
import { threefry2x32 } from '../nn/threefry.ts';

/**
 * Resamples of `count` items with replacement (Efron 1979), the same for the same seed: each a list of positions.
 * Draws are counter-based: key (seed, purpose), counter (resample, position).
 */
export function* resamples(count: number, times: number, seed: number): Generator<readonly number[]> {
  for (let t = 0; t < times; t++) {
    yield Array.from({ length: count }, (_, i) =>
      multiplyHigh(threefry2x32(seed, purpose.bootstrap, t, i)[0], count),
    );
  }
}

/** Standard deviation of a statistic over its resamples: its standard error. */
export function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1));
}

/** The central interval that holds a share of the values, by linear interpolation of their order statistics. */
export function percentileInterval(values: readonly number[], share = 0.95): readonly [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (quantile: number): number => {
    const place = quantile * (sorted.length - 1);
    const below = Math.floor(place);
    const rest = place - below;
    return rest === 0 ? sorted[below]! : sorted[below]! * (1 - rest) + sorted[below + 1]! * rest;
  };
  return [at((1 - share) / 2), at((1 + share) / 2)];
}
