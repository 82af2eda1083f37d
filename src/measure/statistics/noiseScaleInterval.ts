import type { Interval } from './interval.ts';
import { studentQuantile } from './studentQuantile.ts';

/** What is known of a noise scale. */
export interface NoiseScaleInterval {
  /** The ends, null for ∞: `[low, null]` is open above, `[null, null]` says that no finite noise scale fits. */
  readonly interval: Interval;
  /** Whether the interval of 1/B_simple lies above 0, so that both ends are finite. */
  readonly resolved: boolean;
}

/**
 * Interval of a noise scale, from that of its inverse q = 1/B_simple = |G|²/tr Σ. The error is inferred on q, whose
 * denominator is well known, and inverted: B_simple itself is a quotient by an estimate that may be 0 or negative, so its own
 * linearised interval does not cover where |G|² is within a few standard errors of 0 (Fieller 1954 on such ratios). Where the
 * interval of q reaches 0 that of B_simple is open at ∞.
 * @param inverse q, negative where the batch cannot see the gradient
 * @param stderr of q
 * @param freedom degrees of freedom of that standard error
 * @param share that the interval should cover
 * @returns null where there is no standard error
 */
export function noiseScaleInterval(
  inverse: number,
  stderr: number | null,
  freedom: number,
  share = 0.95,
): NoiseScaleInterval | null {
  if (stderr === null || !Number.isFinite(inverse) || !Number.isFinite(stderr)) return null;
  const reach = studentQuantile(freedom, share) * stderr;
  return invertedInterval(inverse - reach, inverse + reach);
}

/** The interval of a noise scale whose inverse has these ends. */
export function invertedInterval(low: number, high: number): NoiseScaleInterval {
  const inverted = (q: number): number | null => (q > 0 ? 1 / q : null);
  return { interval: [inverted(high), inverted(low)], resolved: low > 0 };
}
