import type { Told } from '../measure/instrument.ts';
import type { Interval } from '../measure/statistics/interval.ts';

/** What one replica shows after a step. */
export interface Reading {
  readonly replica: number;
  /** Steps done, counted from 1. */
  readonly step: number;
  readonly batchSize: number;
  /** ε of this step. */
  readonly learningRate: number;
  /**
   * ε/(B(1 − m)), with dampening d ε(1 − d)/(B(1 − m)) (McCandlish et al. 2018, appendix C; Smith et al. 2018). null under Adam,
   * which divides each gradient by its own root mean square: where noise rules, that grows as 1/√B, and runs are alike at equal
   * ε/√B (Malladi et al. 2022), so that ε/B says nothing of how strongly the weights are shaken.
   */
  readonly temperature: number | null;
  /** Mean loss of the mini-batch before the update. */
  readonly loss: number;
  /** |ḡ|² of the mini-batch; with BatchNorm of its ghost batches' mean gradient. */
  readonly gradNormSq?: number;
  /**
   * |ḡ|² − tr Σ/B of the mini-batch: an unbiased estimate of |G|² of what its examples are drawn from independently. Where
   * they are drawn from the training set without replacement, |G_N|² is `gradNormSqOfTrainingSet`.
   */
  readonly gradNormSqUnbiased?: number;
  /** Unbiased estimate of |G_N|², G_N the mean gradient of the N training examples; null where a batch cannot tell. */
  readonly gradNormSqOfTrainingSet?: number | null;
  /** tr Σ of the mini-batch, divisor B − 1. */
  readonly traceCovariance?: number;
  /** Bound of what float32 has moved tr Σ by: one that is no larger than it is hidden by rounding. */
  readonly traceCovarianceRounding?: number;
  /**
   * tr Σ/|G_N|² of the training set at this step, from this measurement and those before it, as computed: negative where
   * they cannot see the gradient. null for a zero denominator.
   */
  readonly bSimple?: number | null;
  /** 95 % interval of it, from that of 1/B_simple: an end is null for ∞. null for fewer than four measurements. */
  readonly bSimpleInterval?: Interval | null;
  /** Whether both ends are finite: 1/B_simple's interval excludes 0, and rounding does not hide tr Σ. */
  readonly bSimpleResolved?: boolean;
  /** Linearised, of scatter and lag; worth something where it is far below `bSimple`. null for fewer than four measurements. */
  readonly bSimpleStderr?: number | null;
  /** Of this step alone, by the jackknife over its batch; null for fewer than three examples, or sub-batches. */
  readonly traceCovarianceStderr?: number | null;
  readonly gradNormSqUnbiasedStderr?: number | null;
  /** tr Σ over |ḡ|² − tr Σ/B of this step alone; negative where the batch cannot see the gradient. */
  readonly bSimpleOfBatch?: number | null;
  readonly bSimpleOfBatchStderr?: number | null;
  readonly bSimpleOfBatchInterval?: Interval | null;
  /** Of this step's batch: √(tr Σ/(B|ḡ|²)) (Byrd et al. 2012), and its parts along ḡ and across (Bollapragada et al. 2018). */
  readonly normTest?: number;
  readonly innerProductTest?: number;
  readonly orthogonalityTest?: number;
  /** Of each parameter by its state-dict name, of this step's batch alone. */
  readonly layers?: Readonly<
    Record<
      string,
      {
        readonly gradNormSq: number;
        readonly traceCovariance: number;
        readonly bSimpleOfBatch: number | null;
      }
    >
  >;
  /** What other instruments told, by their types. */
  readonly instruments?: Readonly<Record<string, Told>>;
}
