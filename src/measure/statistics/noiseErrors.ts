import { type Interval, squareInterval, symmetricInterval } from './interval.ts';
import { jackknifeError } from './jackknife.ts';
import type { LeftOut } from './leaveOneOut.ts';
import { gradientNoise } from './noiseScale.ts';
import { invertedInterval, type NoiseScaleInterval } from './noiseScaleInterval.ts';

/** How far an estimate is known: of the distribution that the examples are drawn from. */
export interface EstimateError {
  readonly stderr: number;
  /** 95 %, not always symmetric about the estimate. */
  readonly interval: Interval;
}

/** Errors of gradient-noise statistics; null where a value without an example is no finite number. */
export interface NoiseErrors {
  readonly traceCovariance: EstimateError | null;
  readonly gradNormSqUnbiased: EstimateError | null;
  /** The interval is that of 1/B_simple, inverted: open where it reaches 0. */
  readonly bSimple: (EstimateError & NoiseScaleInterval) | null;
}

/** |ḡ|² and tr Σ of N examples (units). */
interface Whole {
  readonly gradNormSq: number;
  readonly traceCovariance: number;
  readonly units: number;
}

/**
 * Jackknife errors of tr Σ, of |ḡ|² − tr Σ/N and of B_simple, from |ḡ|² and tr Σ without each example in turn, or each group of them.
 * Where |G|² is no more than its own noise the second is too large, by up to √2. B_simple is a quotient whose denominator may
 * be anything: its standard error says something where |G|² is at least twice its own, its interval always, since it rests on
 * 1/B_simple. `jackknifeErrors` has the errors from three sums.
 * @param left two or more
 */
export function noiseErrors(whole: Whole, left: readonly LeftOut[]): NoiseErrors {
  const { traceCovariance, gradNormSqUnbiased } = gradientNoise(
    whole.gradNormSq,
    whole.traceCovariance,
    whole.units,
  );
  const without = left.map((each) => gradientNoise(each.gradNormSq, each.traceCovariance, each.examples));
  const ofTrace = jackknifeError(without.map((each) => each.traceCovariance));
  const ofNorm = jackknifeError(without.map((each) => each.gradNormSqUnbiased));
  const noise = traceCovariance / whole.units;
  return {
    traceCovariance: ofTrace && {
      stderr: ofTrace.stderr,
      interval: symmetricInterval(traceCovariance, ofTrace),
    },
    gradNormSqUnbiased: ofNorm && {
      stderr: ofNorm.stderr,
      interval: squareInterval(gradNormSqUnbiased, noise, ofNorm),
    },
    bSimple: ofNoiseScale({ traceCovariance, gradNormSqUnbiased, units: whole.units }, without),
  };
}

/** Below this share of |ḡ|², tr Σ is so little that |G|² is known, and B_simple is as uncertain as tr Σ alone. */
const LITTLE = 2 ** -10;

function ofNoiseScale(
  {
    traceCovariance,
    gradNormSqUnbiased,
    units,
  }: { readonly traceCovariance: number; readonly gradNormSqUnbiased: number; readonly units: number },
  without: readonly { readonly traceCovariance: number; readonly gradNormSqUnbiased: number }[],
): NoiseErrors['bSimple'] {
  const ofScale = jackknifeError(without.map((each) => each.traceCovariance / each.gradNormSqUnbiased));
  if (!ofScale) return null;
  const { stderr } = ofScale;
  if (traceCovariance < LITTLE * gradNormSqUnbiased) {
    const [low, high] = symmetricInterval(traceCovariance / gradNormSqUnbiased, ofScale);
    return { stderr, interval: [Math.max(0, low), high], resolved: true };
  }
  const ofInverse = jackknifeError(without.map((each) => each.gradNormSqUnbiased / each.traceCovariance));
  if (!ofInverse) return null;
  const inverse = squareInterval(gradNormSqUnbiased / traceCovariance, 1 / units, ofInverse);
  return { stderr, ...invertedInterval(...inverse) };
}
