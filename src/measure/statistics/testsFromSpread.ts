import type { Units } from './jackknifeErrors.ts';
import type { GradientNoise } from './noiseScale.ts';
import { type SamplingCriteria, testsFrom } from './samplingCriteria.ts';
import type { UnitSpread } from './unitSpread.ts';

/**
 * `samplingCriteria` of a batch of U units of b examples from sums over them: U units of covariance Σ/b in place of B
 * examples of covariance Σ.
 * @throws RangeError for fewer than two units
 */
export function testsFromSpread(
  { gradNormSq, traceCovariance }: GradientNoise,
  { dots }: UnitSpread,
  { units, unitSize }: Units,
): SamplingCriteria {
  if (units < 2) {
    throw new RangeError(`a batch of ${units} units has no covariance, expected two or more`);
  }
  return testsFrom({
    gradNormSq,
    // Rounding may leave less than nothing of it.
    traceCovariance: Math.max(0, traceCovariance) / unitSize,
    alongCovariance: dots / (units - 1),
    batchSize: units,
  });
}
