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
  readonly bSimpleResolved: boolean;
}

/** What follows from |ḡ|² and tr Σ of N examples. */
export function gradientNoise(
  gradNormSq: number,
  traceCovariance: number,
  examples: number,
  resolved = true,
): GradientNoise {
  const gradNormSqUnbiased = gradNormSq - traceCovariance / examples;
  return {
    gradNormSq,
    traceCovariance,
    gradNormSqUnbiased,
    bSimple: gradNormSqUnbiased === 0 ? null : traceCovariance / gradNormSqUnbiased,
    bSimpleResolved: resolved && gradNormSqUnbiased > 0,
  };
}

/**
 * Relative rounding error of a squared norm summed in float32 blocks: some tens of roundings of 2⁻²⁴. What is below
 * this share of the norms that it is the difference of is not resolved.
 */
const ROUNDING = 32 * 2 ** -24;

/**
 * Statistics from squared gradient norms at two batch sizes, b < B: E|G_B|² = |G|² + tr Σ/B at both gives |G|² and tr Σ
 * unbiased (McCandlish et al. 2018, appendix A.1). With b = 1 this is the sample covariance, divisor B − 1, and the
 * estimate of least variance. The difference loses small variances in float32: below the rounding bound the result
 * says `bSimpleResolved: false`; `measure` takes the centred sum instead.
 * @param small mean of |G_b|² over the disjoint sub-batches of size b
 * @param big |G_B|² of the whole batch
 * @throws RangeError unless 0 < b < B
 */
export function twoBatchNoise(
  small: { readonly batchSize: number; readonly normSq: number },
  big: { readonly batchSize: number; readonly normSq: number },
): GradientNoise {
  const [b, B] = [small.batchSize, big.batchSize];
  if (!(b > 0 && b < B)) throw new RangeError(`batch sizes ${b} and ${B}, expected 0 < b < B`);
  const inverse = 1 / b - 1 / B;
  const traceCovariance = (small.normSq - big.normSq) / inverse;
  const bound = (ROUNDING * (small.normSq + big.normSq)) / inverse;
  return gradientNoise(big.normSq, traceCovariance, B, Math.abs(traceCovariance) > bound);
}

/**
 * Running B_simple: numerator and denominator are averaged each on its own and divided once; an average of ratios
 * would be biased (McCandlish et al. 2018, appendix A.1). Averages are exponential and start unbiased.
 */
export class RunningNoiseScale {
  readonly #decay: number;
  #weight = 0;
  #traceCovariance = 0;
  #gradNormSq = 0;
  /** Σ of the squared weights, and of those times tr Σ², tr Σ·|G|² and |G|⁴ of each measurement. */
  readonly #squares = { weight: 0, trace: 0, product: 0, norm: 0 };

  /**
   * @param decay of the averages at each measurement, 0 ≤ decay < 1; 0 keeps the newest only. Late in training |G|² is
   *   a fiftieth of a batch's noise and less, and it takes about a hundred batches to see it.
   */
  constructor(decay = 0.99) {
    if (!(decay >= 0 && decay < 1)) throw new RangeError(`decay is ${decay}, expected 0 ≤ decay < 1`);
    this.#decay = decay;
  }

  add({ traceCovariance, gradNormSqUnbiased }: GradientNoise): void {
    if (!Number.isFinite(traceCovariance) || !Number.isFinite(gradNormSqUnbiased)) return;
    const keep = this.#decay;
    this.#weight = keep * this.#weight + (1 - keep);
    this.#traceCovariance = keep * this.#traceCovariance + (1 - keep) * traceCovariance;
    this.#gradNormSq = keep * this.#gradNormSq + (1 - keep) * gradNormSqUnbiased;
    const squares = this.#squares;
    const take = (before: number, square: number): number => keep ** 2 * before + (1 - keep) ** 2 * square;
    squares.weight = take(squares.weight, 1);
    squares.trace = take(squares.trace, traceCovariance ** 2);
    squares.product = take(squares.product, traceCovariance * gradNormSqUnbiased);
    squares.norm = take(squares.norm, gradNormSqUnbiased ** 2);
  }

  get traceCovariance(): number {
    return this.#traceCovariance / this.#weight;
  }

  get gradNormSqUnbiased(): number {
    return this.#gradNormSq / this.#weight;
  }

  /** tr Σ/|G|² of the averages; null while |G|² is not positive: the batches so far cannot see the gradient. */
  get bSimple(): number | null {
    return this.#gradNormSq > 0 ? this.#traceCovariance / this.#gradNormSq : null;
  }

  /**
   * Standard error of `bSimple`: the linearised ratio's, √(Σwᵢ²(Tᵢ − B_simple·Gᵢ)²/(1 − Σwᵢ²))/Ḡ for weights w of sum 1
   * and measurements (T, G) (Cochran 1977, chapter 6, with the averages' weights). It takes the measurements for
   * independent, as those of fresh batches are, given the parameters they are taken at; a drift of B_simple within the
   * averages' memory counts as scatter, so that it errs on the large side. null where the ratio is, and for a single
   * measurement.
   */
  get bSimpleStderr(): number | null {
    const ratio = this.bSimple;
    const { weight, trace, product, norm } = this.#squares;
    const free = this.#weight ** 2 - weight;
    if (ratio === null || free <= 0) return null;
    const residual = Math.max(0, trace - 2 * ratio * product + ratio ** 2 * norm);
    return (Math.sqrt(residual / free) * this.#weight) / this.#gradNormSq;
  }
}
