import { jackknife } from './jackknife.ts';
import { type GradientSample, leaveOneOut } from './leaveOneOut.ts';
import type { SamplingCriteria } from './samplingCriteria.ts';
import { testsFrom } from './samplingCriteria.ts';

/**
 * Up to this share of √B may (norm test)² be, for the errors along ḡ and across it: what `leaveOneOut` leaves out of ⟨ḡ, Σḡ⟩ grows with
 * the noise's share of |ḡ|² and falls as 1/√B. Beyond, it changed errors of batches of 8 by half and more.
 */
const NOISE_SHARE = 1 / 4;

/**
 * Jackknife errors of the three tests over the examples of their batch, B held: how far a test's value would be from another
 * such batch's. Null for fewer than three examples, and where rounding hides how they differ; the last two also for a small batch whose
 * ḡ is within its noise.
 * @param sample with its `covarianceDots`: without them there is an error of the norm test alone
 */
export function gradientTestErrors(sample: GradientSample): {
  readonly [K in keyof SamplingCriteria]: number | null;
} {
  const B = sample.dots.length;
  const left = leaveOneOut(sample)?.map((each) => testsFrom({ ...each, batchSize: B }));
  const error = (test: keyof SamplingCriteria): number | null =>
    left ? jackknife(left.map((tests) => tests[test])) : null;
  const noise = sample.traceCovariance / (B * sample.gradNormSq);
  const known = noise <= NOISE_SHARE * Math.sqrt(B);
  return {
    norm: error('norm'),
    innerProduct: known ? error('innerProduct') : null,
    orthogonality: known ? error('orthogonality') : null,
  };
}
