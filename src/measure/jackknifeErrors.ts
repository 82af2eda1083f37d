import type { GradientNoise } from './noiseScale.ts';
import type { UnitSpread } from './unitSpread.ts';

/** Standard errors of one batch's noise statistics. */
export interface BatchErrors {
  readonly traceCovarianceStderr: number | null;
  readonly gradNormSqUnbiasedStderr: number | null;
  /** null also where the estimate of |G|² is not positive: its ratio has no error then. */
  readonly bSimpleStderr: number | null;
}

/** U units of b examples each. */
export interface Units {
  readonly units: number;
  readonly unitSize: number;
}

/**
 * Jackknife over the units, for a training step, of which sums come back and no array: `noiseErrors` has it from arrays,
 * B_simple exactly. Without unit u, with q_u = |g_u − ḡ|² and d_u = ⟨g_u, ḡ⟩ (from the definitions):
 *
 * - tr Σ₋ᵤ = b(Σq − U q_u/(U − 1))/(U − 2);
 * - |ḡ₋ᵤ|² − tr Σ₋ᵤ/(b(U − 1)) = const − 2(d_u − q_u/(U − 2))/(U − 1);
 *
 * both linear in (q_u, d_u), so that their variances (U − 1)/U·Σ(θ₋ᵤ − θ̄)² (Tukey 1958) follow from three sums. That of the
 * ratio B_simple is linearised. The estimate of a variance by the jackknife is too large rather than too small (Efron &
 * Stein 1981): where |G|² is far below tr Σ/B, up to twice.
 * @returns nulls for fewer than three units
 */
export function jackknifeErrors(
  { traceCovariance, gradNormSqUnbiased }: GradientNoise,
  { squares, products, dots }: UnitSpread,
  { units, unitSize }: Units,
): BatchErrors {
  if (units < 3) {
    return { traceCovarianceStderr: null, gradNormSqUnbiasedStderr: null, bSimpleStderr: null };
  }
  const [one, two] = [units - 1, units - 2];
  const ofTrace = (unitSize ** 2 * units * squares) / (one * two ** 2);
  const ofNorm = (4 * (dots - (2 * products) / two + squares / two ** 2)) / (units * one);
  const ofBoth = (2 * unitSize * (products - squares / two)) / (one * two);
  const ratio = traceCovariance / gradNormSqUnbiased;
  const ofRatio = (ofTrace - 2 * ratio * ofBoth + ratio ** 2 * ofNorm) / gradNormSqUnbiased ** 2;
  return {
    traceCovarianceStderr: Math.sqrt(ofTrace),
    gradNormSqUnbiasedStderr: root(ofNorm),
    bSimpleStderr: gradNormSqUnbiased > 0 ? root(ofRatio) : null,
  };
}

/** A square that rounding may have left below 0, where the terms cancel. */
function root(square: number): number {
  return Math.sqrt(Math.max(0, square));
}
