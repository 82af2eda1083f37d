import type { Interval } from './interval.ts';
import { noiseScaleInterval } from './noiseScaleInterval.ts';
import { RunningRatio } from './runningRatio.ts';

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

/**
 * Running B_simple: tr Σ and |G|² are fitted each on its own and divided once, since an average of ratios is biased
 * (McCandlish et al. 2018, appendix A.1). Both drift while a run trains, so that a memory of one length is too short
 * for a faint |G|² and too long for a fast one: an average over 100 measurements is at a fraction of the truth where |G|² falls
 * e-fold in as many. 1/B_simple at the newest measurement is therefore a `RunningRatio`, of the longest memory that the drift allows; its
 * interval is ± t of its errors, t Student's. Where |G|² drifts faster than it can be seen, the interval of B_simple is open at ∞.
 *
 * tr Σ may err by the weighted sum of what rounding hides of each measurement, all to one side: the ends are moved apart by that.
 *
 * The estimate is of the trend. What |G|² fluctuates by from one measurement to the next, as the steps go to and fro,
 * counts as scatter, like the noise of the batches.
 */
export class RunningNoiseScale {
  readonly #ratio = new RunningRatio();
  /** Plain sums, until there are enough measurements for a fit. */
  readonly #sums = { traceCovariance: 0, gradNormSqUnbiased: 0 };

  /** Takes a measurement in; one that is not finite tells nothing and is left out. */
  add({ traceCovariance, gradNormSqUnbiased, traceCovarianceRounding = 0 }: NoiseMeasurement): void {
    if (!Number.isFinite(traceCovariance) || !Number.isFinite(gradNormSqUnbiased)) return;
    this.#sums.traceCovariance += traceCovariance;
    this.#sums.gradNormSqUnbiased += gradNormSqUnbiased;
    this.#ratio.add(traceCovariance, gradNormSqUnbiased, traceCovarianceRounding);
  }

  /** null before the first measurement. */
  newest(): RunningNoise | null {
    const { measurements } = this.#ratio;
    if (measurements === 0) return null;
    const fit = this.#ratio.newest();
    if (!fit) {
      const mean = (sum: number): number => sum / measurements;
      const { traceCovariance, gradNormSqUnbiased } = this.#sums;
      return { ...plain(mean(traceCovariance), mean(gradNormSqUnbiased)), ...UNKNOWN };
    }
    const { numerator, denominator, ratio, error, freedom, denominatorBound } = fit;
    const noise = plain(denominator, numerator);
    // Rounding, or scatter, has left nothing of tr Σ: any noise scale fits.
    if (!(denominator > 0)) return { ...noise, ...UNKNOWN, bSimpleInterval: [0, null] };
    const found = noiseScaleInterval(ratio, error, freedom);
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
}

const UNKNOWN = { bSimpleStderr: null, bSimpleInterval: null, bSimpleResolved: false } as const;

function plain(traceCovariance: number, gradNormSqUnbiased: number) {
  const bSimple = gradNormSqUnbiased === 0 ? null : traceCovariance / gradNormSqUnbiased;
  return { traceCovariance, gradNormSqUnbiased, bSimple };
}
