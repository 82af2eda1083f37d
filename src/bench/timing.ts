import type { Timing } from './kernelsReport.ts';

/** Value below which `part` of the samples lie, between neighbours linearly. Samples in any order. */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = part * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - below);
}

/**
 * Sums samples up. They must be spread out in time (a round over all rows for each), so that what drifts while the bench
 * runs is in the spread.
 * @param grain the clock's, a run: no spread is smaller
 */
export function timingOf(samples: readonly number[], grain = 0): Timing {
  const [low, q1, median, q3, high] = [0.1, 0.25, 0.5, 0.75, 0.9].map((part) => quantile(samples, part)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { samples, median, q1, q3, spread: Math.max(median - low, high - median, grain) };
}

/** A spread beyond a fifth of the median: the machine did something else meanwhile, and the time is not to be quoted. */
export function isNoisy({ median, spread }: Pick<Timing, 'median' | 'spread'>): boolean {
  return spread > median / 5;
}
