import type { GradientNoise } from './noiseScale.ts';
import type { UnitSpread } from './unitSpread.ts';

/** Standard errors of one batch's noise statistics. */
export interface BatchErrors {
  readonly traceCovarianceStderr: number | null;
  readonly gradNormSqUnbiasedStderr: number | null;
  /** Linearised, of negative ones too: worth something where it is far below B_simple itself. */
  readonly bSimpleStderr: number | null;
  /** Of 1/B_simple, from which `noiseScaleInterval` has that of B_simple. */
  readonly inverseStderr: number | null;
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
 * both linear in (q_u, d_u), so that their variances (U − 1)/U·Σ(θ₋ᵤ − θ̄)² (Tukey 1958) follow from three sums. Those of the
 * ratio B_simple and of its inverse are linearised. The estimate of a variance by the jackknife is too large rather than too small (Efron &
 * Stein 1981): where |G|² is far below tr Σ/B, up to twice. But that of |G|² goes with |ḡ|², and where ḡ is small by chance
 * hardly anything is left of it. It is taken for no less than what |ḡ|² varies by where G = 0, 2 tr(Σ/B)² for Gaussian
 * gradients, of which Σ(q_u − q̄)²/((U − 1)U²) is an estimate, too large rather than too small where their tails are heavier.
 * @returns nulls for fewer than three units
 */
export function jackknifeErrors(
  { traceCovariance, gradNormSqUnbiased }: GradientNoise,
  { squares, products, dots }: UnitSpread,
  { units, unitSize }: Units,
): BatchErrors {
  if (units < 3) {
    return {
      traceCovarianceStderr: null,
      gradNormSqUnbiasedStderr: null,
      bSimpleStderr: null,
      inverseStderr: null,
    };
  }
  const [one, two] = [units - 1, units - 2];
  const ofTrace = (unitSize ** 2 * units * squares) / (one * two ** 2);
  const ofNorm = Math.max(
    (4 * (dots - (2 * products) / two + squares / two ** 2)) / (units * one),
    squares / (one * units ** 2),
  );
  const ofBoth = (2 * unitSize * (products - squares / two)) / (one * two);
  const inverse = gradNormSqUnbiased / traceCovariance;
  const ofInverse = (ofNorm - 2 * inverse * ofBoth + inverse ** 2 * ofTrace) / traceCovariance ** 2;
  return {
    traceCovarianceStderr: Math.sqrt(ofTrace),
    gradNormSqUnbiasedStderr: root(ofNorm),
    bSimpleStderr: inverse === 0 ? null : finite(root(ofInverse) / inverse ** 2),
    inverseStderr: finite(root(ofInverse)),
  };
}

/** null for what has a zero denominator. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** A square that rounding may have left below 0, where the terms cancel. */
function root(square: number): number {
  return Math.sqrt(Math.max(0, square));
}
