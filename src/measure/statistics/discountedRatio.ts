import { AgeMoments } from './ageMoments.ts';

/** A ratio of two drifting series as it stands at the newest measurement. */
export interface NewestRatio {
  readonly numerator: number;
  readonly denominator: number;
  readonly ratio: number;
  /** Of the ratio, from the scatter of the measurements. */
  readonly stderr: number;
  /** Standard deviation of a single measurement y − qx about it, over x̂. */
  readonly scatter: number;
  /** Estimate of what the fit's straightness leaves of the drift: ratio less the truth. */
  readonly lag: number;
  /** Degrees of freedom of `stderr`. */
  readonly freedom: number;
  /** Bound of what the denominator's own errors that are no scatter may have moved it by, if all have one sign. */
  readonly denominatorBound: number;
}

/** A line needs two measurements, a parabola three; the fourth leaves something for the scatter. */
const FEWEST = 4;

/**
 * E y/E x at the newest of a stream of noisy measurements (x, y), whose expectations drift, from the last `memory` of them or so.
 *
 * An average lags behind: where y falls by a share r at each measurement, weights (1 − 1/m)ᵏ of age k give it 1/(1 − rm) times the
 * truth. So each series is fitted by a line in the age, by least squares with those weights, and read at age 0 (Brown 1963,
 * discounted least squares; a local linear fit at the boundary, Fan & Gijbels 1996, section 3.2). The fit is linear in the
 * measurements, ŷ = Σ cₖy₋ₖ with cₖ = δᵏ(a + bk), Σcₖ = 1 and Σ k cₖ = 0.
 *
 * - Error of the ratio q = ŷ/x̂: that of e = y − qx, divided by x̂ (Cochran 1977, chapter 6): Σ cₖ² Var(e₋ₖ)/x̂². The variance at
 *   each age is half the square of the difference from the neighbour before (von Neumann et al. 1941), which a drift hardly
 *   enters and a change of the scatter in mid-stream goes along with. Its degrees of freedom are (Σcₖ²)²/Σcₖ⁴ (Satterthwaite 1946).
 * - Lag: the curvature that a line does not follow. A parabola fitted with the same weights does, so the difference of the two
 *   at age 0 estimates it, with the parabola's noise. For an exponential drift, x = rm/(1 − rm), a line is −x² off and a
 *   parabola x³ (both as shares), so that the difference is no less than the line's error as long as m < 1/2r.
 *
 * Measurements are taken for independent given what they measure, and the truth for smooth over the memory.
 */
export class DiscountedRatio {
  readonly memory: number;
  /** Moments by age of the weights δᵏ, of their squares and of their fourth powers. */
  readonly #weights: AgeMoments;
  readonly #squares: AgeMoments;
  readonly #fourths: AgeMoments;
  readonly #denominators: AgeMoments;
  readonly #numerators: AgeMoments;
  /** Of half the squared differences between neighbours, with weights δ²ᵏ: x², xy, y², and how many there are. */
  readonly #scatter: readonly [AgeMoments, AgeMoments, AgeMoments, AgeMoments];
  readonly #bounds: AgeMoments;
  #before: readonly [number, number] | null = null;
  #measurements = 0;

  /** @param memory m ≥ 1, in measurements: a weight falls e-fold within it */
  constructor(memory: number) {
    this.memory = memory;
    const discount = 1 - 1 / memory;
    const moments = (order: number, power: number): AgeMoments =>
      new AgeMoments(order, discount ** power, memory);
    this.#weights = moments(4, 1);
    this.#squares = moments(2, 2);
    this.#fourths = moments(4, 4);
    this.#denominators = moments(2, 1);
    this.#numerators = moments(2, 1);
    this.#bounds = moments(1, 1);
    this.#scatter = [moments(2, 2), moments(2, 2), moments(2, 2), moments(2, 2)];
  }

  /** @param bound of an error of the denominator that does not average out, as rounding's */
  add(denominator: number, numerator: number, bound = 0): void {
    const [x, y] = this.#before ?? [denominator, numerator];
    const [dx, dy] = [denominator - x, numerator - y];
    const [xx, xy, yy, counted] = this.#scatter;
    xx.add((dx * dx) / 2);
    xy.add((dx * dy) / 2);
    yy.add((dy * dy) / 2);
    counted.add(this.#before ? 1 : 0);
    for (const weights of [this.#weights, this.#squares, this.#fourths]) weights.add(1);
    this.#denominators.add(denominator);
    this.#numerators.add(numerator);
    this.#bounds.add(bound);
    this.#before = [denominator, numerator];
    this.#measurements++;
  }

  /** null for fewer than four measurements. A denominator that came out 0 or negative has a ratio that says nothing. */
  newest(): NewestRatio | null {
    if (this.#measurements < FEWEST) return null;
    const [w0, w1, w2, w3, w4] = this.#weights.sums as unknown as Moments;
    // Coefficients in the age for which Σ δᵏ c(k) k^p is 1 for p = 0 and 0 for p = 1 and, of the parabola, 2: a line's …
    const determinant = w0 * w2 - w1 * w1;
    const [a, b] = [w2 / determinant, -w1 / determinant];
    const line = (s: Float64Array): number => a * s[0]! + b * s[1]!;
    // … and a parabola's, by the cofactors of the matrix of moments.
    const [c, d, e] = [w2 * w4 - w3 * w3, w2 * w3 - w1 * w4, w1 * w3 - w2 * w2];
    const parabola = (s: Float64Array): number =>
      (c * s[0]! + d * s[1]! + e * s[2]!) / (w0 * c + w1 * d + w2 * e);
    const squaredLine = ({ sums: s }: AgeMoments): number =>
      a * a * s[0]! + 2 * a * b * s[1]! + b * b * s[2]!;

    const [x, y] = [this.#denominators.sums, this.#numerators.sums];
    const [denominator, numerator] = [line(x), line(y)];
    const ratio = numerator / denominator;
    const [xx, xy, yy, counted] = this.#scatter;
    const squares = squaredLine(this.#squares);
    const half = squaredLine(yy) - 2 * ratio * squaredLine(xy) + ratio * ratio * squaredLine(xx);
    // The first measurement has no neighbour before it: it scatters as the others do.
    const variance = (Math.max(0, half) * squares) / squaredLine(counted);
    const [f0, f1, f2, f3, f4] = this.#fourths.sums as unknown as Moments;
    const fourths =
      a ** 4 * f0 + 4 * a ** 3 * b * f1 + 6 * a * a * b * b * f2 + 4 * a * b ** 3 * f3 + b ** 4 * f4;
    const [bound, boundByAge] = this.#bounds.sums;
    return {
      numerator,
      denominator,
      ratio,
      stderr: Math.sqrt(variance) / Math.abs(denominator),
      scatter: Math.sqrt(variance / squares) / Math.abs(denominator),
      lag: (ratio * parabola(x) - parabola(y)) / denominator,
      freedom: Math.max(1, squares ** 2 / fourths),
      denominatorBound: Math.abs(a) * bound! + Math.abs(b) * boundByAge!,
    };
  }
}

type Moments = readonly [number, number, number, number, number];
