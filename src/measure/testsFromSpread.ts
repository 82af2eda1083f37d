import type { GradientTests } from './gradientTests.ts';
import type { Units } from './jackknifeErrors.ts';
import type { GradientNoise } from './noiseScale.ts';
import type { UnitSpread } from './unitSpread.ts';

/**
 * `gradientTests` of a batch of U units of b examples from sums over them: U units of covariance Σ/b in place of B
 * examples of covariance Σ.
 * @throws RangeError for fewer than two units
 */
export function testsFromSpread(
  { gradNormSq, traceCovariance }: GradientNoise,
  { dots }: UnitSpread,
  { units, unitSize }: Units,
): GradientTests {
  if (units < 2) {
    throw new RangeError(`a batch of ${units} units has no covariance, expected two or more`);
  }
  // Rounding may leave less than nothing of tr Σ, and of what is across ḡ.
  const normSq = Math.max(0, traceCovariance) / (units * unitSize * gradNormSq);
  const alongSq = dots / (units - 1) / (units * gradNormSq ** 2);
  return {
    norm: Math.sqrt(normSq),
    innerProduct: Math.sqrt(alongSq),
    orthogonality: Math.sqrt(Math.max(0, normSq - alongSq)),
  };
}
