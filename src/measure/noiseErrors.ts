import { jackknife } from './jackknife.ts';
import { type GradientSample, leaveOneOut } from './leaveOneOut.ts';
import { gradientNoise } from './noiseScale.ts';

/** Standard errors; null for fewer than three examples, and where rounding hides how the examples differ. */
export interface NoiseErrors {
  readonly traceCovariance: number | null;
  readonly gradNormSqUnbiased: number | null;
  readonly bSimple: number | null;
}

/**
 * Jackknife errors of tr Σ, of |ḡ|² − tr Σ/N and of B_simple over the examples, from norms and dots alone. Where |G|² is no more
 * than its own noise the second is too large, by up to √2, and B_simple is a quotient whose denominator may be anything: its
 * error says something where |G|² is at least twice its own. `jackknifeErrors` has it from three sums.
 */
export function noiseErrors(sample: GradientSample): NoiseErrors {
  const left = leaveOneOut(sample)?.map(({ gradNormSq, traceCovariance, examples }) =>
    gradientNoise(gradNormSq, traceCovariance, examples),
  );
  return {
    traceCovariance: left ? jackknife(left.map((noise) => noise.traceCovariance)) : null,
    gradNormSqUnbiased: left ? jackknife(left.map((noise) => noise.gradNormSqUnbiased)) : null,
    bSimple: left ? jackknife(left.map((noise) => noise.bSimple ?? Number.NaN)) : null,
  };
}
