/** What one replica shows after a step. */
export interface Reading {
  readonly replica: number;
  /** Steps done, counted from 1. */
  readonly step: number;
  readonly batchSize: number;
  /** ε of this step. */
  readonly learningRate: number;
  /** ε/B (McCandlish et al. 2018, appendix C). */
  readonly temperature: number;
  /** Mean loss of the mini-batch before the update. */
  readonly loss: number;
  /** |ḡ|² of the mini-batch; with BatchNorm of its ghost batches' mean gradient. */
  readonly gradNormSq?: number;
  /** |ḡ|² − tr Σ/B, an unbiased estimate of |G|². */
  readonly gradNormSqUnbiased?: number;
  /** tr Σ, divisor B − 1. */
  readonly traceCovariance?: number;
  /** Running averages of tr Σ and of |G|², divided once; null while |G|² is not resolved. */
  readonly bSimple?: number | null;
  readonly bSimpleResolved?: boolean;
  /** Of that ratio, from the scatter of the measurements; null for one of them, or an unresolved ratio. */
  readonly bSimpleStderr?: number | null;
  /** Of this step alone, by the jackknife over its batch; null for fewer than three examples, or sub-batches. */
  readonly traceCovarianceStderr?: number | null;
  readonly gradNormSqUnbiasedStderr?: number | null;
  /** tr Σ over |ḡ|² − tr Σ/B of this step alone; negative where the batch cannot see the gradient, without an error then. */
  readonly bSimpleOfBatch?: number | null;
  readonly bSimpleOfBatchStderr?: number | null;
  /** Of this step's batch: √(tr Σ/(B|ḡ|²)) (Byrd et al. 2012), and its parts along ḡ and across (Bollapragada et al. 2018). */
  readonly normTest?: number;
  readonly innerProductTest?: number;
  readonly orthogonalityTest?: number;
  /** The same of each parameter by its state-dict name, of this step alone. */
  readonly layers?: Readonly<
    Record<
      string,
      { readonly gradNormSq: number; readonly traceCovariance: number; readonly bSimple: number | null }
    >
  >;
}
