/** What the tests take of a batch of B examples. */
export interface BatchStatistics {
  /** |ḡ|² */
  readonly gradNormSq: number;
  /** tr Σ, divisor B − 1. */
  readonly traceCovariance: number;
  /** ⟨gᵢ, ḡ⟩ of every example; their mean is |ḡ|². */
  readonly dots: ArrayLike<number>;
}

/**
 * Three measures of how far a batch's gradient may be from the true one, each relative to |ḡ|: a test asks that it stay below
 * a bound. The first is the root of the sum of the squares of the others: the error's length, along ḡ and across it.
 */
export interface SamplingCriteria {
  /** θ = √(tr Σ/(B|ḡ|²)) (Byrd et al. 2012). */
  readonly norm: number;
  /** √(Var⟨gᵢ, ḡ⟩/(B|ḡ|⁴)), usual bound 0.9 (Bollapragada et al. 2018). */
  readonly innerProduct: number;
  /** ν = √(Σ|gᵢ − (⟨gᵢ, ḡ⟩/|ḡ|²)ḡ|²/(B(B − 1)|ḡ|²)), usual bound tan 80° = 5.67 (Bollapragada et al. 2018). */
  readonly orthogonality: number;
}

/**
 * Norm, inner-product and orthogonality test of a batch, as Cockpit has them.
 * @throws RangeError for fewer than two examples
 */
export function samplingCriteria({ gradNormSq, traceCovariance, dots }: BatchStatistics): SamplingCriteria {
  const B = dots.length;
  if (B < 2) throw new RangeError(`a batch of ${B} has no covariance, expected two examples or more`);
  let mean = 0;
  for (let i = 0; i < B; i++) mean += dots[i]! / B;
  let squares = 0;
  for (let i = 0; i < B; i++) squares += (dots[i]! - mean) ** 2;
  return testsFrom({ gradNormSq, traceCovariance, alongCovariance: squares / (B - 1), batchSize: B });
}

/** The tests of a batch of B examples by |ḡ|², tr Σ and ⟨ḡ, Σḡ⟩ = Var⟨gᵢ, ḡ⟩. */
export function testsFrom({
  gradNormSq,
  traceCovariance,
  alongCovariance,
  batchSize,
}: {
  readonly gradNormSq: number;
  readonly traceCovariance: number;
  readonly alongCovariance: number;
  readonly batchSize: number;
}): SamplingCriteria {
  const normSq = traceCovariance / (batchSize * gradNormSq);
  const alongSq = alongCovariance / (batchSize * gradNormSq ** 2);
  return {
    norm: Math.sqrt(normSq),
    innerProduct: Math.sqrt(alongSq),
    // What is across is what is not along; rounding may leave less than nothing of it.
    orthogonality: Math.sqrt(Math.max(0, normSq - alongSq)),
  };
}

/**
 * The batch at which a test that is `found` at B would be at its bound: each falls as 1/√B while ḡ stays as it is. Not
 * rounded.
 */
export function batchSizeAtBound(found: number, batchSize: number, bound: number): number {
  return batchSize * (found / bound) ** 2;
}

/** B = ε tr Σ/L, the batch of CABS (Balles et al. 2017), for plain SGD and a loss whose least value is near 0. */
export function cabsBatchSize({
  lr,
  traceCovariance,
  loss,
}: {
  readonly lr: number;
  readonly traceCovariance: number;
  readonly loss: number;
}): number {
  return (lr * traceCovariance) / loss;
}
