/**
 * The claim (McCandlish et al. 2018, eqs. 2.5 to 2.8): at a frozen point the best rate of one SGD step is
 * ε_opt(B) = ε_max/(1 + B_noise/B), it gains ΔL_opt(B) = ΔL_max/(1 + B_noise/B), and a step of more than 2ε_opt(B) raises the loss;
 * ε_max = |G|²/GᵀHG, B_noise = tr(HΣ)/GᵀHG and ΔL_max = |G|⁴/(2GᵀHG) come from gradient, Hessian and covariance there, nothing
 * fitted.
 *
 * Trunks are runs of SGD with initial weights, order of examples, population and mini-batches of their own: the replicates. Each
 * is frozen at the same steps. N examples of the training set, drawn without replacement, are the trunk's population: G, H and Σ
 * (divisor N) are its own, mini-batches are drawn from it with replacement, other ones at each step, and the loss is that of all
 * of it. For each B the line search takes the mean of ΔL over the draws at each ε of a grid up and down from the prediction.
 *
 * What is measured: the hyperbola fitted to ε_opt(B), by weights from the draws; the gain; the rate at which ΔL comes back to
 * zero. Each over its prediction, as an interval over the trunks. The control is the same verdict of swapped predictions: those
 * of one frozen step for the measurements at another must fail. The rival is a power law, ε_opt(B) ∝ Bᵖ, which knows no
 * saturation: fitted to the same rates it must be the worse fit.
 */
export interface OptimalStepProtocol {
  readonly batchSizes: readonly number[];
  /** K, mini-batches for each B. */
  readonly draws: number;
  /** ε over the predicted ε_opt(B), ascending. */
  readonly grid: readonly number[];
  /** Random sign vectors behind tr(HΣ). */
  readonly probes: number;
  /** Of mini-batches and probes. */
  readonly seed: number;
}

/** Of the claim's protocol and statistic: results of another version are another experiment's. */
export const OPTIMAL_STEP_VERSION = 2;

/** √2 apart, from 1/8 to 8. */
const GRID = Array.from({ length: 13 }, (_, i) => 2 ** ((i - 6) / 2));

/**
 * Set before the one run that gives the verdict, whose trunks have seeds of 1000 and more. A pilot with the seeds 0 and 1, populations of
 * 512, 16 draws and 16 probes showed: at the steps 100, 600 and 4,000 the predictions differ two to tenfold, so that each swap
 * fails (at 100, 500 and 1,500, as version 1 had them, B_noise and ε_max differ by less than the margins); ratios lay between 0.92
 * and 1.07 with a scatter over trunks of 0.2, which five trunks bring within the margins and three may not; at step 100 χ² was 64
 * on 18 and 150 on 18. With rates for B = 4 a standard error of 0.4 told nothing, with B up to 512 ε_max was half an
 * extrapolation: hence 8 to 2,048. The margins of ε_max and B_noise are those of version 1.
 */
export const OPTIMAL_STEP: Omit<OptimalStepProtocol, 'seed'> = {
  batchSizes: [8, 16, 32, 64, 128, 256, 512, 1024, 2048],
  draws: 32,
  grid: GRID,
  probes: 32,
};

/**
 * The statistic's margins. An effect is within its margin where all of its 95 % interval over the trunks lies between the margin's
 * inverse and the margin, outside where none of it does.
 */
export const OPTIMAL_STEP_MARGINS = {
  /** Fitted over predicted. */
  epsMax: 1.5,
  bNoise: 2,
  /** Measured over predicted, over the batch sizes. */
  gain: 1.5,
  breakEven: 1.5,
  /**
   * The model is rejected where its χ², of rates or of gains, is of less probability than this, taken of errors that the draws
   * know to an eighth: on quadratics, where the model is true, 0.7 % of χ² fall below, and 2 % of experiments are rejected.
   */
  rejectedBelow: 0.0001,
} as const;

export type OptimalStepMargins = { readonly [Key in keyof typeof OPTIMAL_STEP_MARGINS]: number };
