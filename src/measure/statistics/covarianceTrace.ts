import type { Estimate } from './estimate.ts';

/** tr(HΣ) of N examples (units), and how it would differ with other examples. */
export interface CovarianceTrace extends Estimate {
  readonly spread: CovarianceTraceSpread;
}

/** With uₙ = gₙ − ḡ and Hₙ, the gradient's deviation and Hessian of single examples (units). */
export interface CovarianceTraceSpread {
  /** zₙ [N], of mean 0: without example n, tr(HΣ) is less by zₙ/(N − 1), to first order. */
  readonly influence: Float64Array;
  /** What the probes add to the variance of the estimate beyond the part that the scatter of the zₙ has of it. */
  readonly probeVariance: number;
  /**
   * The mean of uₙᵀHₙuₙ. H and Σ are of the same examples, so that tr(HΣ) is too large by (own − tr(HΣ))/N on average: by
   * much where there are no more examples than directions of curvature.
   */
  readonly own: number;
}
