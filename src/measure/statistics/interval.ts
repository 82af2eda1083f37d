import { studentQuantile } from './studentQuantile.ts';

/** A 95 % confidence interval; null is an end at −∞, or at ∞. */
export type Interval = readonly [number | null, number | null];

/** An estimate of a size, with the interval that holds the truth with 95 % confidence. */
export interface Effect {
  readonly value: number;
  readonly interval: Interval;
}

/** A standard error, and the degrees of freedom with which it is known. */
export interface StandardError {
  readonly stderr: number;
  readonly freedom: number;
}

/** value ± t·stderr. */
export function symmetricInterval(value: number, { stderr, freedom }: StandardError): [number, number] {
  const reach = studentQuantile(freedom) * stderr;
  return [value - reach, value + reach];
}

/**
 * Interval of an average whose error grows in proportion to it, as a trace by random signs: symmetric on the scale of the logarithm
 * where the estimate is positive beyond its error, else on its own.
 */
export function scaleInterval(value: number, error: StandardError): [number, number] {
  const [low, high] = symmetricInterval(value, error);
  if (!(low > 0)) return [low, high];
  const factor = Math.exp((high - value) / value);
  return [value / factor, value * factor];
}

/**
 * Interval of what an average of squares estimates once its noise is taken off, such as |G|² by |ḡ|² − tr Σ/N. The variance of |ḡ|² is
 * 4GᵀΣG/N + 2 tr Σ²/N² (of normal gradients), the jackknife's 4ḡᵀΣḡ/N; at a true value x the first is in proportion to x + offset/2, the
 * second to value + offset. So the interval has the x with
 *
 *   (value − x)² ≤ t²·stderr²·(x + offset/2)/(value + offset)
 *
 * a score interval (Wilson 1927): it does not take the error at the estimate for the one at the truth. An estimate that came out
 * small has a jackknife error that did too, and ± t·stderr covers 85 to 94 % where x is one to three errors from 0.
 * @param value the estimate, negative where the noise is more than all of it
 * @param offset what was taken off: the sum of both is the average of squares. Where that is not positive, the interval is
 *   symmetric
 */
export function squareInterval(value: number, offset: number, error: StandardError): [number, number] {
  const whole = value + offset;
  if (!(whole > 0)) return symmetricInterval(value, error);
  const slope = (studentQuantile(error.freedom) * error.stderr) ** 2 / whole;
  const reach = Math.sqrt(Math.max(0, slope * (value + offset / 2) + slope ** 2 / 4));
  return [value + slope / 2 - reach, value + slope / 2 + reach];
}

/** Covariance of a ratio's two estimates. */
export interface RatioErrors {
  readonly numerator: number;
  readonly both: number;
  readonly denominator: number;
  readonly freedom: number;
}

/**
 * Interval of a ratio r = a/b of two estimates (Fieller 1954): the r for which a − rb is no further from 0 than t of its
 * standard errors. Open above where b may be 0, and open at both ends where nothing is excluded but, at the most, a stretch that
 * leaves large values of either sign.
 */
export function ratioInterval(a: number, b: number, errors: RatioErrors): Interval {
  const t = studentQuantile(errors.freedom);
  const square = b * b - t * t * errors.denominator;
  const middle = a * b - t * t * errors.both;
  const constant = a * a - t * t * errors.numerator;
  const discriminant = middle ** 2 - square * constant;
  if (discriminant < 0 || square === 0) return [null, null];
  const root = Math.sqrt(discriminant);
  const [low, high] = [(middle - root) / square, (middle + root) / square];
  if (square > 0) return [low, high];
  // The ends of what is excluded, the other way round: from `high` up to `low`.
  return high < 0 && low > 0 ? [low, null] : [null, null];
}
