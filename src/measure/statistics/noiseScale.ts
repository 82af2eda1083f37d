/** Gradient statistics of one batch of B examples, from sums over them (McCandlish et al. 2018). */
export interface GradientNoise {
  /** |ḡ|² */
  readonly gradNormSq: number;
  /** tr Σ, the sample covariance's trace, divisor B − 1. */
  readonly traceCovariance: number;
  /** |ḡ|² − tr Σ/B, an unbiased estimate of |G|². */
  readonly gradNormSqUnbiased: number;
  /** tr Σ over that estimate; null for a zero denominator. Negative where the batch cannot see the gradient. */
  readonly bSimple: number | null;
}

/** What follows from |ḡ|² and tr Σ of N examples. */
export function gradientNoise(gradNormSq: number, traceCovariance: number, examples: number): GradientNoise {
  const gradNormSqUnbiased = gradNormSq - traceCovariance / examples;
  return {
    gradNormSq,
    traceCovariance,
    gradNormSqUnbiased,
    bSimple: gradNormSqUnbiased === 0 ? null : traceCovariance / gradNormSqUnbiased,
  };
}

/** The same from float32 norms of which tr Σ is a difference. */
export interface TwoBatchNoise extends GradientNoise {
  /** Bound of what rounding has moved tr Σ by; one that is no larger than it is hidden. */
  readonly traceCovarianceRounding: number;
}

/** Relative rounding error of a squared norm summed in float32 blocks: some tens of roundings of 2⁻²⁴. */
const ROUNDING = 32 * 2 ** -24;

/**
 * Statistics from squared gradient norms at two batch sizes, b < B: E|G_B|² = |G|² + tr Σ/B at both gives |G|² and tr Σ
 * unbiased (McCandlish et al. 2018, appendix A.1). With b = 1 this is the sample covariance, divisor B − 1, and the
 * estimate of least variance. The difference loses small variances in float32, by as much as `traceCovarianceRounding` says;
 * `measure` takes the centred sum instead.
 * @param small mean of |G_b|² over the disjoint sub-batches of size b
 * @param big |G_B|² of the whole batch
 * @throws RangeError unless 0 < b < B
 */
export function twoBatchNoise(
  small: { readonly batchSize: number; readonly normSq: number },
  big: { readonly batchSize: number; readonly normSq: number },
): TwoBatchNoise {
  const [b, B] = [small.batchSize, big.batchSize];
  if (!(b > 0 && b < B)) throw new RangeError(`batch sizes ${b} and ${B}, expected 0 < b < B`);
  const inverse = 1 / b - 1 / B;
  const traceCovariance = (small.normSq - big.normSq) / inverse;
  return {
    ...gradientNoise(big.normSq, traceCovariance, B),
    traceCovarianceRounding: (ROUNDING * (small.normSq + big.normSq)) / inverse,
  };
}
