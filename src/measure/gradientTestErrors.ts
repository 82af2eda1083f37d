import type { GradientTests } from './gradientTests.ts';
import { testsFrom } from './gradientTests.ts';
import { jackknife } from './jackknife.ts';
import { type GradientSample, leaveOneOut } from './leaveOneOut.ts';

/**
 * Jackknife errors of the three tests over the examples of their batch, B held: how far a test's value would be from another
 * such batch's. Null for fewer than three examples, and where rounding hides how they differ.
 * @param sample with its `covarianceDots`: without them there is an error of the norm test alone
 */
export function gradientTestErrors(sample: GradientSample): {
  readonly [K in keyof GradientTests]: number | null;
} {
  const B = sample.dots.length;
  const left = leaveOneOut(sample)?.map((each) => testsFrom({ ...each, batchSize: B }));
  const error = (test: keyof GradientTests): number | null =>
    left ? jackknife(left.map((tests) => tests[test])) : null;
  return { norm: error('norm'), innerProduct: error('innerProduct'), orthogonality: error('orthogonality') };
}
