import type { Dataset } from '../data/dataset.ts';
import type { GivenInstrument } from '../measure/givenInstrument.ts';
import type { GivenWeights } from '../nn/givenWeights.ts';
import type { GivenModel } from '../nn/modelFrom.ts';
import type { LossName } from '../nn/modelSpec.ts';
import type { GivenSchedule } from '../optim/schedule.ts';
import type { GivenAugmentation } from './augmentationOf.ts';
import type { BatchRule } from './batchRule.ts';
import type { BatchFrom } from './batchSizes.ts';
import type { LrSearch } from './lrSearch.ts';
import type { ReplicaLists } from './replicaGrid.ts';

/** The same, of which anything may be left out or be undefined. */
type MaybeGiven<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What `train` takes. `weights` are the initial ones of every replica, drawn by its seed by default. Steps are counted from 1, in `batchSchedule` from 0. */
export interface TrainSettings extends MaybeGiven<GivenWeights> {
  /** Layers (`nn.sequential(…)`), or `{ layers, loss }` as a model.json holds them. */
  readonly model: GivenModel;
  /** Of one example: `cross_entropy` by default. */
  readonly loss?: LossName | undefined;
  /** What it trains on; examples are flattened where the first layer wants them flat. */
  readonly data: Dataset;
  /** So many of its examples, drawn without replacement by the data's seed. `data.withDataOptions` gives the same data set. */
  readonly subset?: number | undefined;
  /** The probability with which a label is replaced by another one, by the data's seed. */
  readonly labelNoise?: number | undefined;
  /** How the images of training batches are changed at random, by the data's seed. */
  readonly augment?: GivenAugmentation | undefined;
  /** Steps of the whole run: its schedule lies on the device from the start. */
  readonly steps?: number | undefined;
  /** In place of `steps`: as many as it takes to draw so many times N examples. */
  readonly epochs?: number | undefined;
  /** B, examples of a step. */
  readonly batchSize?: number | undefined;
  /**
   * Another B from a step on, counted from 0: `[{ fromStep: 0, batchSize: 32 }, { fromStep: 500, batchSize: 128 }]`. Or a rule for what
   * comes of `batchSize`: `{ rule: 'grow' }` in the place of cuts of ε, `{ rule: 'noise', … }` as the noise scale asks for it.
   */
  readonly batchSchedule?: readonly BatchFrom[] | BatchRule | undefined;
  /** torch.optim's SGD by default, Adam or AdamW. Under another one, settings that only one of them has are refused. */
  readonly optimizer?: 'sgd' | 'adam' | 'adamw' | undefined;
  /** ε, which `schedule` shapes; 1e-3 by default under Adam. Not beside a schedule of absolute rates (`table`). */
  readonly lr?: number | undefined;
  /** m of SGD; 0 by default. */
  readonly momentum?: number | undefined;
  /** λ of the gradient of λ|θ|²/2, as torch.optim.SGD and Adam add it, 0 by default; of AdamW the weights' own decay ελθ, 0.01 by default. */
  readonly weightDecay?: number | undefined;
  /** Of initial weights and order, each drawn by a seed that follows from it (deriveSeed), in [0, 2³²); 0 by default. */
  readonly seed?: number | undefined;
  /** Of the initial weights, in place of the one that follows from `seed`. */
  readonly initSeed?: number | undefined;
  /** Of the order of examples and of what Dropout drops, in place of the one that follows from `seed`. */
  readonly orderSeed?: number | undefined;
  /** Of `subset`, `labelNoise` and `augment`, in place of the one that follows from `seed`. */
  readonly dataSeed?: number | undefined;
  /** Lists of `lr`, `momentum`, `weightDecay`, `seed`, `initSeed`, `orderSeed`, `dataSeed`: a replica for every combination, the last key fastest. */
  readonly grid?: ReplicaLists | undefined;
  /** Lists of one length that go together: a replica for each row, and with `grid` for each row and cell. */
  readonly zip?: ReplicaLists | undefined;
  /** β₁ and β₂ of Adam, of its averages of the gradient and of its square: 0.9 and 0.999 by default. */
  readonly betas?: [number, number] | undefined;
  /** What Adam adds to the root mean square of the gradient; 1e-8 by default. */
  readonly eps?: number | undefined;
  /** Adam divides by the largest mean square so far (Reddi et al. 2018); false by default. */
  readonly amsgrad?: boolean | undefined;
  readonly nesterov?: boolean | undefined;
  readonly dampening?: number | undefined;
  /** Constant by default. */
  readonly schedule?: GivenSchedule | undefined;
  /**
   * After so many steps (0 by default) ε of the steps to come is scaled to what a line search finds best for one step of B examples, each
   * replica's own: the losses of `examples` (2,048) at θ − εg for gradients g of `draws` (16) mini-batches. SGD without BatchNorm.
   */
  readonly lrSearch?: MaybeGiven<LrSearch> | undefined;
  /** How batches are drawn: an endless stream of permutations by default, independent draws, or the file's own order. */
  readonly order?: 'shuffle' | 'iid' | 'sequential' | undefined;
  /**
   * An average of the weights after steps start, start + every, …: of all of them (SWA), with their variance (SWAG), an exponential one, or
   * of the `last` ones (LAWA). `bnBatchSize` and `bnOrder`: of the pass for BatchNorm's statistics, B and `file` by default; `shuffle` is
   * an order drawn by each replica's order seed.
   */
  readonly averaging?: GivenAveraging | undefined;
  /** Gradient statistics and the noise scale every so many steps; never by default. */
  readonly noiseScaleEvery?: number | undefined;
  /** … from sub-batches of so many examples, a divisor of the batch size; 1 by default. With BatchNorm 2 or more. */
  readonly smallBatch?: number | undefined;
  /** … with tests of the gradient and standard errors. */
  readonly gradientTests?: boolean | undefined;
  /** More that is measured on the way, as a train.json has it: `{ type: 'eigenvalue', every: 100 }`. At most one of a type. */
  readonly instruments?: readonly GivenInstrument[] | undefined;
  /** What `Training.snapshot` gave of a run of these settings and data: it goes on from there. */
  readonly resume?: Uint8Array | undefined;
}

/** `Averaging` from step 1 on and at every step by default. */
export type GivenAveraging = {
  readonly start?: number | undefined;
  readonly every?: number | undefined;
  readonly bnBatchSize?: number | undefined;
  readonly bnOrder?: 'file' | 'shuffle' | undefined;
} & (
  | { readonly kind: 'swa' }
  | { readonly kind: 'swag' }
  | { readonly kind: 'ema'; readonly decay: number }
  | { readonly kind: 'lawa'; readonly last: number }
);
