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
export type OptimalStepProtocol = {
  readonly data: string;
  readonly hidden: number;
  readonly examples: number;
  readonly draws: number;
  readonly batchSizes: readonly number[];
  readonly grid: readonly number[];
  readonly checkpoints: readonly number[];
  readonly probes: number;
  readonly trunks: number;
  readonly lr: number;
  readonly batchSize: number;
  readonly seed: number;
};

export const OPTIMAL_STEP_PARTS: { readonly [Part in keyof OptimalStepProtocol]: string } = {
  data: 'data set, by name or file',
  hidden: 'units of the perceptron’s hidden layer',
  examples: 'N of each trunk’s population, drawn from the training set',
  draws: 'mini-batches at each batch size',
  batchSizes: 'B of the steps that are measured',
  grid: 'rates of the line search, over the predicted ε_opt(B)',
  checkpoints: 'steps at which each trunk is frozen',
  probes: 'random signs behind tr(HΣ)',
  trunks: 'runs that are frozen, the replicates',
  lr: 'ε of the trunks',
  batchSize: 'B of the trunks',
  seed: 'of the first trunk; the others’ follow',
};

/** √2 apart, from 1/8 to 8; written out, as it was in the run that gives the verdict: engines round powers differently. */
const GRID = [
  0.125,
  0.17677669529663687,
  0.25,
  0.35355339059327373,
  0.5,
  0.7071067811865475,
  1,
  Math.SQRT2,
  2,
  2.82842712474619,
  4,
  5.65685424949238,
  8,
];

/**
 * Set before the one run that gives the verdict, whose trunks have seeds of 1000 and more. A pilot with the seeds 0 and 1, populations of
 * 512, 16 draws and 16 probes showed: at the steps 100, 600 and 4,000 the predictions differ two to tenfold, so that each swap
 * fails (at 100, 500 and 1,500, as version 1 had them, B_noise and ε_max differ by less than the margins); ratios lay between 0.92
 * and 1.07 with a scatter over trunks of 0.2, which five trunks bring within the margins and three may not; at step 100 χ² was 64
 * on 18 and 150 on 18. With rates for B = 4 a standard error of 0.4 told nothing, with B up to 512 ε_max was half an
 * extrapolation: hence 8 to 2,048. The margins of ε_max and B_noise are those of version 1.
 */
const standard: OptimalStepProtocol = {
  data: 'mnist',
  hidden: 64,
  examples: 2048,
  draws: 32,
  batchSizes: [8, 16, 32, 64, 128, 256, 512, 1024, 2048],
  grid: GRID,
  checkpoints: [100, 600, 4000],
  probes: 32,
  trunks: 5,
  lr: 0.1,
  batchSize: 64,
  seed: 1000,
};

/** `quick` has pilots' seeds. */
export const OPTIMAL_STEP = {
  quick: { ...standard, examples: 512, draws: 8, checkpoints: [100, 600], probes: 8, trunks: 2, seed: 0 },
  standard,
} as const satisfies Readonly<Record<string, OptimalStepProtocol>>;

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
