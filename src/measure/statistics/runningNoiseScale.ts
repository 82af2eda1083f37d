import { DiscountedRatio, type NewestRatio } from './discountedRatio.ts';
import type { Interval } from './interval.ts';
import { noiseScaleInterval } from './noiseScaleInterval.ts';

/** One measurement: unbiased estimates of tr Σ and of |G|². */
export interface NoiseMeasurement {
  readonly traceCovariance: number;
  readonly gradNormSqUnbiased: number;
  /** What rounding may have moved `traceCovariance` by; 0 where left out. */
  readonly traceCovarianceRounding?: number;
}

/** What the measurements so far tell of the noise scale, as it is at the newest one. */
export interface RunningNoise {
  readonly traceCovariance: number;
  readonly gradNormSqUnbiased: number;
  /** tr Σ/|G|² as computed, negative where the measurements cannot see the gradient; null for a zero denominator. */
  readonly bSimple: number | null;
  /** Linearised, from scatter and lag; worth something where it is far below `bSimple`. null for too few measurements. */
  readonly bSimpleStderr: number | null;
  /** 95 %, from that of 1/B_simple; an end is null for ∞, [null, null] says that no finite one fits. null for too few measurements. */
  readonly bSimpleInterval: Interval | null;
  /** Whether both ends of the interval are known: that of 1/B_simple excludes 0, and rounding does not hide tr Σ. */
  readonly bSimpleResolved: boolean;
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
 * Of the lag in the interval: the memory taken is one of several whose lag came out small, by chance too. With the two bounds above
 * it was found by simulation: 90 to 99 of 100 intervals cover for |G|² at 0.003 to 0.3 of tr Σ, constant, falling e-fold in 40 to
 * 200 measurements or as a power of their number, in 5 to 200 effective dimensions.
 */
const LAG_WEIGHT = 1.5;
/** Degrees of freedom are counted up to here: with more, Student's quantile is less than 1 % smaller, and takes longer to find. */
const MOST_FREEDOM = 120;

/**
 * Running B_simple: tr Σ and |G|² are fitted each on its own and divided once, since an average of ratios is biased
 * (McCandlish et al. 2018, appendix A.1). Both drift while a run trains, so that a memory of one length is too short
 * for a faint |G|² and too long for a fast one: an average over 100 measurements is at a fraction of the truth where |G|² falls
 * e-fold in as many. 1/B_simple at the newest measurement is therefore estimated (`DiscountedRatio`) with memories of 8, 16, …
 * 4096 measurements at once, up to a third of those there are, and the longest is taken up to which all agree
 * (Lepski 1991): its lag within its own standard error, its ratio within 2.5 of each shorter one's. The interval of 1/B_simple is
 * ± t·√(stderr² + (1.5·lag)²), t Student's: what is left of the drift widens it. Where |G|² drifts faster than it can be
 * seen, the interval of B_simple is open at ∞.
 *
 * tr Σ may err by the weighted sum of what rounding hides of each measurement, all to one side: the ends are moved apart by that.
 *
 * The estimate is of the trend. What |G|² fluctuates by from one measurement to the next, as the steps go to and fro,
 * counts as scatter, like the noise of the batches.
 */
export class RunningNoiseScale {
  readonly #ratios = Array.from({ length: MEMORIES }, (_, i) => new DiscountedRatio(SHORTEST * 2 ** i));
  /** Plain sums, until there are enough measurements for a fit. */
  readonly #sums = { traceCovariance: 0, gradNormSqUnbiased: 0 };
  #measurements = 0;

  /** Takes a measurement in; one that is not finite tells nothing and is left out. */
  add({ traceCovariance, gradNormSqUnbiased, traceCovarianceRounding = 0 }: NoiseMeasurement): void {
    if (!Number.isFinite(traceCovariance) || !Number.isFinite(gradNormSqUnbiased)) return;
    this.#measurements++;
    this.#sums.traceCovariance += traceCovariance;
    this.#sums.gradNormSqUnbiased += gradNormSqUnbiased;
    for (const ratio of this.#ratios) ratio.add(traceCovariance, gradNormSqUnbiased, traceCovarianceRounding);
  }

  /** null before the first measurement. */
  newest(): RunningNoise | null {
    if (this.#measurements === 0) return null;
    const fit = this.#longestAgreeing();
    if (!fit) {
      const mean = (sum: number): number => sum / this.#measurements;
      const { traceCovariance, gradNormSqUnbiased } = this.#sums;
      return { ...plain(mean(traceCovariance), mean(gradNormSqUnbiased)), ...UNKNOWN };
    }
    const { numerator, denominator, ratio, stderr, lag, freedom, denominatorBound } = fit;
    const noise = plain(denominator, numerator);
    // Rounding, or scatter, has left nothing of tr Σ: any noise scale fits.
    if (!(denominator > 0)) return { ...noise, ...UNKNOWN, bSimpleInterval: [0, null] };
    const error = Math.hypot(stderr, LAG_WEIGHT * lag);
    const found = noiseScaleInterval(ratio, error, Math.min(freedom, MOST_FREEDOM));
    if (!found) return { ...noise, ...UNKNOWN };
    const hidden = denominatorBound / denominator;
    const [low, high] = found.interval;
    return {
      ...noise,
      bSimpleStderr: ratio === 0 ? null : error / ratio ** 2,
      bSimpleInterval: [low && low * Math.max(0, 1 - hidden), high && high * (1 + hidden)],
      bSimpleResolved: found.resolved && hidden < 1,
    };
  }

  /** The fit of the longest memory up to which all agree; null for too few measurements. */
  #longestAgreeing(): NewestRatio | null {
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
    return agreeing.at(-1)!;
  }
}

const UNKNOWN = { bSimpleStderr: null, bSimpleInterval: null, bSimpleResolved: false } as const;

function plain(traceCovariance: number, gradNormSqUnbiased: number) {
  const bSimple = gradNormSqUnbiased === 0 ? null : traceCovariance / gradNormSqUnbiased;
  return { traceCovariance, gradNormSqUnbiased, bSimple };
}
