import { DiscountedRatio, type NewestRatio } from './discountedRatio.ts';

/** The newest ratio by the memory that was taken. */
export interface RunningRatioFit extends NewestRatio {
  /** Standard error of the ratio with what is left of the drift: √(stderr² + (1.5·lag)²). */
  readonly error: number;
  /** Degrees of freedom of `error`, 120 at the most. */
  readonly freedom: number;
}

/** The shortest memory, in measurements, and how many there are, each twice the one before. */
const SHORTEST = 8;
const MEMORIES = 10;
/** A memory is taken from so many times as many measurements on. */
const ELAPSED = 3;
/** Standard errors within which a longer memory's lag, and its difference from each shorter one's ratio, must lie. */
const LARGEST_LAG = 1;
const LARGEST_DIFFERENCE = 2.5;
/**
 * Of the lag in the error: the memory taken is one of several whose lag came out small, by chance too. With the two bounds above it
 * was found by simulation of B_simple: 90 to 99 of 100 intervals cover for |G|² at 0.003 to 0.3 of tr Σ, constant, falling e-fold in 40 to
 * 200 measurements or as a power of their number, in 5 to 200 effective dimensions.
 */
const LAG_WEIGHT = 1.5;
/** Degrees of freedom are counted up to here: with more, Student's quantile is less than 1 % smaller, and takes longer to find. */
const MOST_FREEDOM = 120;

/**
 * E y/E x at the newest of a stream of noisy measurements whose expectations drift, each fitted on its own (`DiscountedRatio`) with memories
 * of 8, 16, … 4096 measurements at once, up to a third of those there are. The longest is taken up to which all agree (Lepski 1991): its
 * lag within its own standard error, its ratio within 2.5 of each shorter one's. What is left of the drift widens the error.
 */
export class RunningRatio {
  readonly #ratios = Array.from({ length: MEMORIES }, (_, i) => new DiscountedRatio(SHORTEST * 2 ** i));
  #measurements = 0;

  /** Takes a measurement in, finite numbers. @param bound of an error of the denominator that does not average out */
  add(denominator: number, numerator: number, bound = 0): void {
    this.#measurements++;
    for (const ratio of this.#ratios) ratio.add(denominator, numerator, bound);
  }

  get measurements(): number {
    return this.#measurements;
  }

  /** null for fewer than four measurements. */
  newest(): RunningRatioFit | null {
    const agreeing: NewestRatio[] = [];
    for (const fit of this.#ratios) {
      if (fit.memory > SHORTEST && fit.memory * ELAPSED > this.#measurements) break;
      const newest = fit.newest();
      if (!newest) return null;
      const { ratio, stderr, lag, denominator } = newest;
      const agrees =
        denominator > 0 &&
        Math.abs(lag) <= LARGEST_LAG * stderr &&
        agreeing.every((shorter) => Math.abs(ratio - shorter.ratio) <= LARGEST_DIFFERENCE * shorter.stderr);
      if (agreeing.length > 0 && !agrees) break;
      agreeing.push(newest);
    }
    const taken = agreeing.at(-1)!;
    const { stderr, lag, freedom } = taken;
    return {
      ...taken,
      error: Math.hypot(stderr, LAG_WEIGHT * lag),
      freedom: Math.min(freedom, MOST_FREEDOM),
    };
  }
}
