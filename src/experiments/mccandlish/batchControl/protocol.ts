/**
 * The claim (McCandlish et al. 2018, section 2.4 and appendix D): where a step is worth r examples, a batch that follows √(r·B_noise) through
 * training costs less than any fixed one. With their measure: a run that reaches a goal loss in S steps and E examples costs S + E/r.
 *
 * Arms, each over the same seeds of initial weights and order: B fixed, each of a grid; B controlled by the running B_simple (the rule
 * `noise` of a batch schedule); yoked, B and ε over the steps those of another seed's controlled run; and reversed, the stages of the
 * run's own seed in the opposite order. A yoked run grows its batch as the controlled one does, and knows nothing of its own noise:
 * without it "adaptive" may be no more than "growing". Every arm has its best ε of one grid of factors, by its mean cost; ε goes with √B
 * in all. The goal is of the loss over the first examples of the training set, looked at every so many examples and interpolated.
 *
 * What is measured: the ratio of costs, controlled over the best fixed B and over yoked, as Student's interval of the mean logarithm over
 * the seeds. The best fixed B is chosen on the seeds that it is compared on, which favours it. Where B_noise grows
 * as √s the theory's gain is 4 %, and more only where it varies by orders of magnitude.
 */
export type BatchControlProtocol = {
  readonly data: string;
  readonly hidden: number;
  readonly goal: number;
  readonly evaluated: number;
  readonly lookEvery: number;
  readonly batchSizes: readonly number[];
  readonly batchSize: number;
  readonly largest: number;
  readonly lr: number;
  readonly factors: readonly number[];
  readonly examplesPerStep: number;
  readonly checkEvery: number;
  readonly confirm: number;
  readonly measureEvery: number;
  readonly examples: number;
  readonly seeds: number;
  readonly seed: number;
};

export const BATCH_CONTROL_PARTS: { readonly [Part in keyof BatchControlProtocol]: string } = {
  data: 'data set, by name or file',
  hidden: 'units of the perceptron’s hidden layer',
  goal: 'loss that ends a run',
  evaluated: 'examples, the first, whose loss that is',
  lookEvery: 'examples drawn between two looks at that loss, about',
  batchSizes: 'B of the fixed arms',
  batchSize: 'B at the start of a controlled run',
  largest: 'B that it may come to',
  lr: 'ε at that B; it goes with √B',
  factors: 'of ε, of which each arm has its best',
  examplesPerStep: 'r, examples that a step is worth',
  checkEvery: 'steps between two decisions',
  confirm: 'decisions in a row before B is changed',
  measureEvery: 'steps between two measurements of the noise',
  examples: 'after which a run gives up',
  seeds: 'runs of each arm, the replicates',
  seed: 'of the first; the others’ follow',
};

/**
 * Set before the one run that gives the verdict, whose seeds are those after version 1's. A pilot, one run of B = 16 at ε = 0.1 with seed 1,
 * came to a loss of 0.17 in 4,000 steps, with B_simple from 60 to some hundreds: √(r·B_simple) is then well above 16.
 */
const standard: BatchControlProtocol = {
  data: 'mnist',
  hidden: 32,
  goal: 0.3,
  evaluated: 1024,
  lookEvery: 2560,
  batchSizes: [16, 32, 64, 128, 256],
  batchSize: 16,
  largest: 512,
  lr: 0.1,
  factors: [1, 2, 4, 8],
  examplesPerStep: 100,
  checkEvery: 20,
  confirm: 2,
  measureEvery: 2,
  examples: 120_000,
  seeds: 12,
  seed: 1100,
};

export const BATCH_CONTROL = {
  quick: {
    ...standard,
    goal: 0.6,
    factors: [1, 2],
    batchSizes: [16, 64],
    seeds: 2,
    seed: 0,
    examples: 60_000,
  },
  standard,
} as const satisfies Readonly<Record<string, BatchControlProtocol>>;

/** A cost within 5 % is the same: the theory's gain is of that size. */
export const BATCH_CONTROL_MARGIN = 0.95;
