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
  /** |ḡ|² of the mini-batch. */
  readonly gradNormSq?: number;
  /** |ḡ|² − tr Σ/B, an unbiased estimate of |G|². */
  readonly gradNormSqUnbiased?: number;
  /** tr Σ, divisor B − 1. */
  readonly traceCovariance?: number;
  /** Running averages of tr Σ and of |G|², divided once; null while |G|² is not resolved. */
  readonly bSimple?: number | null;
  readonly bSimpleResolved?: boolean;
  /** The same of each parameter by its state-dict name, of this step alone. */
  readonly layers?: Readonly<
    Record<
      string,
      { readonly gradNormSq: number; readonly traceCovariance: number; readonly bSimple: number | null }
    >
  >;
}
