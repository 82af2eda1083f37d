/**
 * The claim (Merrill et al. 2025): the local critical batch size of a run is small at its start and rises early on.
 *
 * From each snapshot runs go on with batches of kB at the rate εk for a window of examples, each k with the same seeds;
 * k* is the largest k whose smoothed loss is within a tolerance of every smaller one's, and k*B the local critical batch size.
 * It is told beside B_simple and B_noise at the snapshot.
 *
 * This protocol is withdrawn: see `CRITICAL_BATCH_WITHDRAWN`. What it measures is told, without a verdict. The last snapshot
 * branches once more, in other orders of examples: the doublings from it to itself are the noise of the procedure, and cannot see
 * that the tolerance means something else at each snapshot.
 */
export type CriticalBatchProtocol = {
  readonly data: string;
  readonly hidden: number;
  readonly snapshots: readonly number[];
  readonly batchSize: number;
  readonly lr: number;
  readonly factors: readonly number[];
  readonly window: number;
  readonly seeds: number;
  readonly tolerance: number;
  readonly examples: number;
  readonly probes: number;
  readonly seed: number;
};

export const CRITICAL_BATCH_PARTS: { readonly [Part in keyof CriticalBatchProtocol]: string } = {
  data: 'data set, by name or file',
  hidden: 'units of the perceptron’s hidden layer',
  snapshots: 'steps of the trunk at which it branches',
  batchSize: 'B of the trunk',
  lr: 'ε of the trunk',
  factors: 'k of the branches, with batches of kB at the rate εk',
  window: 'examples that each branch takes',
  seeds: 'orders of examples of each branch, the replicas of a program',
  tolerance: 'how much more loss still keeps up',
  examples: 'how many, the first, B_simple and B_noise are estimated from',
  probes: 'random signs behind tr(HΣ)',
  seed: 'of initial weights and orders',
};

/** Why no verdict follows from this protocol, whatever it finds. */
export const CRITICAL_BATCH_WITHDRAWN =
  'the tolerance is absolute: 0.01 of loss is 0.6 % of what the window gains at step 1 and 42 % at step 4,000, so that k* rises as the ' +
  'loss flattens; with a tolerance of 5 or 10 % of that gain the same branches fall from 128 to 16 and from 192 to 64. The control, the ' +
  'same snapshot in other orders, cannot see this; rates of 12ε and more lie beyond ε_max, so that stability was measured and not noise; and ' +
  'there is one trunk, whose orders are no replicates of it';

/** `standard` as it ran when it was withdrawn. */
const standard: CriticalBatchProtocol = {
  data: 'mnist',
  hidden: 128,
  snapshots: [1, 400, 4000],
  batchSize: 8,
  lr: 0.025,
  factors: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64],
  window: 6144,
  seeds: 8,
  tolerance: 0.01,
  examples: 2048,
  probes: 16,
  seed: 0,
};

export const CRITICAL_BATCH = {
  quick: { ...standard, snapshots: [1, 400], window: 1536, seeds: 2, examples: 256 },
  standard,
} as const satisfies Readonly<Record<string, CriticalBatchProtocol>>;
