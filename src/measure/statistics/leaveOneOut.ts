/** What the gradients of N examples (or ghost batches) leave for estimates and their errors: gₙ, their mean ḡ, covariance Σ. */
export interface GradientSample {
  /** |ḡ|² */
  readonly gradNormSq: number;
  /** tr Σ, divisor N − 1. */
  readonly traceCovariance: number;
  /** |gₙ|² [N] */
  readonly normSq: ArrayLike<number>;
  /** ⟨gₙ, ḡ⟩ [N] */
  readonly dots: ArrayLike<number>;
  /** ⟨gₙ, Σḡ⟩ [N], where ⟨ḡ, Σḡ⟩ is wanted. */
  readonly covarianceDots?: ArrayLike<number>;
}

/** The same of the N − 1 others. */
export interface LeftOut {
  readonly examples: number;
  readonly gradNormSq: number;
  readonly traceCovariance: number;
  /** ⟨ḡ, Σḡ⟩, the variance of ⟨gₙ, ḡ⟩; NaN without `covarianceDots`. */
  readonly alongCovariance: number;
}

/**
 * Norms and dots in float32 err by some 2⁻²² of their size: deviations of this share of the squared norms are known to about
 * half a percent of their mean.
 */
const RESOLVED = 2 ** -14;

/**
 * |ḡ|², tr Σ and ⟨ḡ, Σḡ⟩ without each example in turn, in closed form. With uₙ = gₙ − ḡ and S = (N − 1)Σ = Σ uₘuₘᵀ,
 *
 *   ḡ₋ₙ = ḡ − uₙ/(N − 1),   S₋ₙ = S − N/(N − 1)·uₙuₙᵀ
 *
 * so that |uₙ|² = |gₙ|² − 2⟨gₙ, ḡ⟩ + |ḡ|², ⟨uₙ, ḡ⟩ and ⟨uₙ, Sḡ⟩ are all that is needed, but for uₙᵀSuₙ/(N − 1)² in ⟨ḡ, Σḡ⟩,
 * which takes the Gram matrix. Of that uₙ's own part |uₙ|⁴ is taken and the others' left out: of order 1/N² of the whole, it
 * moves a jackknife error by a share of order 1/N.
 * @returns null for fewer than three examples, and where the deviations are lost in the rounding of the norms
 */
export function leaveOneOut({
  gradNormSq,
  traceCovariance,
  normSq,
  dots,
  covarianceDots,
}: GradientSample): LeftOut[] | null {
  const N = normSq.length;
  const examples = N - 1;
  const squares = examples * traceCovariance;
  const meanOf = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;
  if (N < 3 || !(squares / N > RESOLVED * (meanOf(normSq) + gradNormSq))) return null;
  const meanDot = meanOf(dots);
  const along = Array.from(dots, (dot) => dot - meanDot);
  const variance = along.reduce((sum, a) => sum + a * a, 0) / examples;
  const meanCovarianceDot = covarianceDots ? meanOf(covarianceDots) : Number.NaN;
  return along.map((a, n) => {
    const deviation = normSq[n]! - 2 * dots[n]! + gradNormSq;
    const covarianceDot = (covarianceDots?.[n] ?? Number.NaN) - meanCovarianceDot;
    // uₙ's own part of ⟨ḡ₋ₙ, Sḡ₋ₙ⟩ and of what is taken from it, the two largest of order 1/N².
    const own = (N / examples) * (a - deviation / examples) ** 2 - (deviation / examples) ** 2;
    return {
      examples,
      gradNormSq: gradNormSq - (2 * a) / examples + deviation / examples ** 2,
      traceCovariance: (squares - (N / examples) * deviation) / (examples - 1),
      alongCovariance: (examples * variance - 2 * covarianceDot - own) / (examples - 1),
    };
  });
}
