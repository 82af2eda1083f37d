/**
 * The local quadratic model of one SGD step θ − εG_B (McCandlish et al. 2018, §2.2), where E G_B = G and Cov G_B = Σ/B:
 *
 *   E[ΔL] = −ε|G|² + (ε²/2)(GᵀHG + tr(HΣ)/B)
 *
 * Every B below is one for which Cov G_B = Σ/B holds. Batches from N examples have that at another size: see
 * `effectiveBatchSize`. Quotients are as computed, negative ones too, where curvature is negative; null only for a zero
 * denominator.
 */
export interface LocalModel {
  /** |G|² */
  readonly gradNormSq: number;
  /** GᵀHG */
  readonly gHg: number;
  /** tr(HΣ) */
  readonly traceHessianCovariance: number;
}

/** B_noise = tr(HΣ)/GᵀHG: the batch at which a step gains half of what the exact gradient would (eq. 2.8). */
export function noiseScale({ traceHessianCovariance, gHg }: LocalModel): number | null {
  return gHg === 0 ? null : traceHessianCovariance / gHg;
}

/** GᵀHG + tr(HΣ)/B = E[G_BᵀHG_B], the curvature along a step; B may be infinite. */
function stepCurvature({ gHg, traceHessianCovariance }: LocalModel, batchSize: number): number {
  return gHg + traceHessianCovariance / batchSize;
}

/** What a step of rate `lr` is expected to change the loss by, E ΔL(ε, B): negative where it falls (eq. 2.5). */
export function expectedLossChange(model: LocalModel, lr: number, batchSize: number): number {
  return -lr * model.gradNormSq + (lr ** 2 / 2) * stepCurvature(model, batchSize);
}

/** ε_opt(B) = ε_max/(1 + B_noise/B), the rate of the largest expected fall (eq. 2.6); ε_max = |G|²/GᵀHG at B = ∞. */
export function optimalRate(model: LocalModel, batchSize = Number.POSITIVE_INFINITY): number | null {
  const curvature = stepCurvature(model, batchSize);
  return curvature === 0 ? null : model.gradNormSq / curvature;
}

/**
 * ΔL_opt(B) = ΔL_max/(1 + B_noise/B), by how much the loss falls at ε_opt(B): positive (eq. 2.7);
 * ΔL_max = |G|⁴/(2GᵀHG) at B = ∞.
 */
export function optimalGain(model: LocalModel, batchSize = Number.POSITIVE_INFINITY): number | null {
  const curvature = stepCurvature(model, batchSize);
  return curvature === 0 ? null : model.gradNormSq ** 2 / (2 * curvature);
}

/** 2ε_opt(B): a longer step raises the expected loss. */
export function breakEvenRate(model: LocalModel, batchSize = Number.POSITIVE_INFINITY): number | null {
  const rate = optimalRate(model, batchSize);
  return rate === null ? null : 2 * rate;
}
