import { jackknife } from './jackknife.ts';
import { type GradientSample, leaveOneOut } from './leaveOneOut.ts';

/**
 * Jackknife errors of |ḡ|²/tr Σ, and of it with |ḡ|² less tr Σ/N, over the examples, from norms and dots alone; null for fewer
 * than three, and where rounding hides how they differ.
 */
export function signalToNoiseErrors(sample: GradientSample): {
  readonly overall: number | null;
  readonly overallUnbiased: number | null;
} {
  const left = leaveOneOut(sample);
  return {
    overall: left ? jackknife(left.map((each) => each.gradNormSq / each.traceCovariance)) : null,
    overallUnbiased: left
      ? jackknife(left.map((each) => each.gradNormSq / each.traceCovariance - 1 / each.examples))
      : null,
  };
}
