import { z } from 'zod';
import { isDrawn, splitDataName } from '../data/dataOptions.ts';
import { isSyntheticName, saysItsSeed } from '../data/synthetic.ts';
import { InputError } from '../host/inputError.ts';
import { MOST_REPLICAS } from '../train/replicaGrid.ts';
import {
  augmentSchema,
  betas,
  count,
  issueError,
  knownKeys,
  listOr,
  lrSearchSchema,
  probability,
  rate,
  ruleParts,
  scheduleSchema,
  seed,
} from '../train/runSchemas.ts';
import { requireDivisors, type SmallBatch, smallBatchesOf } from '../train/smallBatches.ts';
import { kernelRecordSchema } from '../tuning/kernelRecord.ts';
import { averagingSchema } from './averagingSchema.ts';
import { OWN_KEYS, optimizerSchema } from './optimizerSchema.ts';

/** By purpose; each follows from `seed` where it is left out (deriveSeed). */
const seedsByPurpose = {
  /** Of the initial weights. */
  init_seed: seed.optional(),
  /** Of the order of examples, and of what Dropout drops. */
  order_seed: seed.optional(),
  /** Of what is drawn of the data: subset, label noise, augmentation, and a synthetic set itself where this is given. */
  data_seed: seed.optional(),
};

const batchRule = z.discriminatedUnion(
  'rule',
  [
    knownKeys({ rule: z.literal('grow'), max_batch_size: count.optional() }),
    knownKeys({
      rule: z.literal('noise'),
      examples_per_step: ruleParts.examples,
      check_every: count,
      confirm: count.default(2),
      lr_law: ruleParts.law,
      min_batch_size: count.optional(),
      max_batch_size: count.optional(),
    }),
  ],
  { error: 'expected "grow" or "noise"' },
);

const activations = ['ReLU', 'Tanh', 'Sigmoid', 'GELU'] as const;

/** Causal layers, normalised before, of 4·width hidden units (GELU), between an embedding with positions and the logits. */
const transformerSchema = z.strictObject({
  layers: count,
  width: count,
  heads: count,
  dropout: z.number().min(0).max(1).default(0),
});

const schema = z.strictObject({
  /** A path, the model itself, or in short form a perceptron or a causal Transformer that fits the data. */
  model: z.union(
    [
      z.string(),
      z.strictObject({ hidden: z.array(count), activation: z.enum(activations).default('ReLU') }),
      z.strictObject({ transformer: transformerSchema }),
      z.looseObject({ layers: z.unknown(), loss: z.unknown() }),
    ],
    {
      error:
        'expected a file, {"hidden": [sizes]}, {"transformer": {"layers": n, "width": d, "heads": h}} or {"layers": […], "loss": …}',
    },
  ),
  weights: z.string().optional(),
  weights_prefix: z.string().optional(),
  /** The weights are those of modules of other names, which shapes and order match to the layers. */
  weights_by_order: z.boolean().optional(),
  data: z.string(),
  /** Each k × k pixels of the images become their mean, in training and test data. */
  average_pool: count.optional(),
  /** So many of the training examples, drawn without replacement by the data's seed. */
  subset: count.optional(),
  /** The probability with which a training label is replaced by another one, by the data's seed. */
  label_noise: probability.optional(),
  /** How the images of training batches are changed at random, by the data's seed. */
  augment: augmentSchema.optional(),
  order: z.string().default('shuffle'),
  batch_size: count.optional(),
  batch_schedule: listOr(
    z.array(z.strictObject({ from_step: z.int().nonnegative(), batch_size: count })).min(1),
    batchRule,
    'a table [{"from_step": s, "batch_size": B}, …], {"rule": "grow"} or {"rule": "noise", …}',
  ).optional(),
  steps: z.int().nonnegative().optional(),
  epochs: z.number().positive().optional(),
  seed: seed.default(0),
  ...seedsByPurpose,
  optimizer: optimizerSchema,
  lr_schedule: scheduleSchema.default({ type: 'constant' }),
  /** After so many steps ε becomes what a line search finds best for one step. */
  lr_search: lrSearchSchema.optional(),
  averaging: averagingSchema.optional(),
  replicas: z
    .array(
      z.strictObject({
        seed: seed.optional(),
        ...seedsByPurpose,
        lr: rate.optional(),
        momentum: rate.optional(),
        weight_decay: rate.optional(),
        betas: betas.optional(),
        eps: rate.optional(),
        weights: z.string().optional(),
      }),
    )
    .min(1)
    .optional(),
  /** Noise statistics at steps 1, 1 + every, …, from each example's gradient or those of sub-batches; tests of it too. */
  measure: z
    .strictObject({ every: count, small_batch: count.default(1), tests: z.boolean().default(false) })
    .optional(),
  /** What is measured on the way, each at steps of its own. */
  instruments: z.array(z.record(z.string(), z.unknown())).optional(),
  /** Readings every so many steps. */
  record_every: count.default(1),
  /** Loss and accuracy on the data set's test split every so many steps, and at the end. */
  evaluate: z.strictObject({ every: count }).optional(),
  /** A text that the model goes on with, at every evaluation and at the end: of sequences of symbols. */
  sample: z
    .strictObject({
      length: count.max(100_000).default(200),
      prompt: z.string().min(1).optional(),
      temperature: z.number().positive().default(1),
    })
    .optional(),
  /** The whole run in a file every so many steps or seconds, and at the end, from which `--resume` goes on. */
  snapshot: z
    .strictObject({
      file: z.string().min(1),
      every: count.optional(),
      seconds: z.number().positive().optional(),
    })
    .optional(),
  /** The kernel choices of an earlier result, to be taken again: the same bits, whatever was tuned since. */
  kernels: kernelRecordSchema.optional(),
});

/** A train.json as it may be written (interfaces: `basin train`). */
export type TrainSpec = z.input<typeof schema>;
/** The same, checked, with every default filled in. */
export type ParsedTrainSpec = z.output<typeof schema>;

/** B where none is given. */
export const DEFAULT_BATCH_SIZE = 64;

const FILE = 'train.json';

/**
 * Checks a training run's description.
 * @throws InputError naming the key, what was found and what was expected.
 */
export function parseTrainSpec(spec: unknown): ParsedTrainSpec {
  const refuse = (key: string, reason: string): InputError => new InputError(FILE, key, reason);
  const listed = (spec as { readonly replicas?: unknown } | null)?.replicas;
  // Looked at before each of them is.
  if (Array.isArray(listed) && listed.length > MOST_REPLICAS) {
    throw refuse('replicas', `are ${listed.length}, expected at most ${MOST_REPLICAS}`);
  }
  const parsed = schema.safeParse(spec);
  if (!parsed.success) throw inputError(parsed.error.issues[0]!, spec);
  const { optimizer, batch_schedule, batch_size, order, steps, epochs, lr_schedule } = parsed.data;
  for (const key of OWN_KEYS[optimizer.type === 'sgd' ? 'adam' : 'sgd']) {
    const own = parsed.data.replicas?.findIndex((replica) => replica[key] !== undefined) ?? -1;
    if (own >= 0) throw refuse(`replicas.${own}.${key}`, `says nothing of optimizer "${optimizer.type}"`);
  }
  if (
    optimizer.type === 'sgd' &&
    optimizer.nesterov &&
    (optimizer.momentum <= 0 || optimizer.dampening !== 0)
  ) {
    const everyReplica = parsed.data.replicas?.every(
      (replica) => (replica.momentum ?? optimizer.momentum) > 0,
    );
    if (optimizer.dampening !== 0 || !everyReplica) {
      throw refuse('optimizer.nesterov', 'needs a momentum above 0 and no dampening, as in torch.optim.SGD');
    }
  }
  if (batch_schedule && isOrderFile(order)) {
    throw refuse(
      'batch_schedule',
      'cannot go with an order file, which fixes the batches; expected one of the two',
    );
  }
  const table = tableOf(parsed.data);
  if (table[0] && table[0].from_step !== 0 && batch_size === undefined) {
    throw refuse('batch_schedule', `starts at step ${table[0].from_step}, expected 0 or a batch_size`);
  }
  table.forEach(({ from_step }, i) => {
    if (i > 0 && from_step <= table[i - 1]!.from_step) {
      throw refuse(
        `batch_schedule.${i}.from_step`,
        `is ${from_step}, expected more than the entry before it`,
      );
    }
  });
  const sizes = [batch_size ?? DEFAULT_BATCH_SIZE, ...table.map((entry) => entry.batch_size)];
  requireDivisors(smallBatches(parsed.data), sizes, refuse);
  const { snapshot } = parsed.data;
  if (snapshot && (snapshot.every === undefined) === (snapshot.seconds === undefined)) {
    const [key, found] =
      snapshot.every === undefined ? ['every', 'missing'] : ['seconds', 'given beside every'];
    throw refuse(`snapshot.${key}`, `${found}, expected one of every (steps) and seconds`);
  }
  if (steps !== undefined && epochs !== undefined)
    throw refuse('epochs', 'steps is given as well; expected one of the two');
  if (lr_schedule.type === 'table' && steps !== undefined && lr_schedule.values.length < steps) {
    throw refuse(
      'lr_schedule.values',
      `has ${lr_schedule.values.length} rates, expected at least ${steps}, one a step`,
    );
  }
  checkData(parsed.data);
  return parsed.data;
}

/** The batch schedule where it is a table; none for a rule. */
export function tableOf({ batch_schedule }: Pick<ParsedTrainSpec, 'batch_schedule'>): readonly {
  readonly from_step: number;
  readonly batch_size: number;
}[] {
  return Array.isArray(batch_schedule) ? batch_schedule : [];
}

/** The sizes of the units that statistics are of, by the keys that give them. */
export function smallBatches({
  measure,
  instruments = [],
}: Pick<ParsedTrainSpec, 'measure' | 'instruments'>): readonly SmallBatch[] {
  return smallBatchesOf(['measure.small_batch', measure?.small_batch], instruments);
}

/** Refuses a seed that would change nothing, and data whose name says what keys say as well. */
function checkData(spec: ParsedTrainSpec): void {
  const { data, average_pool, subset, label_noise, augment, data_seed, replicas = [] } = spec;
  const refuse = (key: string, reason: string): InputError => new InputError(FILE, key, reason);
  const { options } = splitDataName(data);
  const says = (key: string): InputError =>
    refuse(key, `${data} says what is made of it; expected one of the two`);
  if (average_pool !== undefined && options.averagePool !== undefined) throw says('average_pool');
  const isNamed = isDrawn(options);
  if (subset !== undefined && isNamed) throw says('subset');
  if (label_noise !== undefined && isNamed) throw says('label_noise');
  const own = replicas.findIndex((replica) => replica.data_seed !== undefined);
  const key = data_seed !== undefined ? 'data_seed' : own >= 0 ? `replicas.${own}.data_seed` : undefined;
  if (key === undefined || augment || isDrawn({ subset, labelNoise: label_noise })) return;
  if (!isSyntheticName(data)) {
    throw refuse(
      key,
      `nothing is drawn of ${data}, expected subset, label_noise or augment, or synthetic data`,
    );
  }
  if (saysItsSeed(data)) throw refuse(key, `${data} says its seed itself; expected one of the two`);
}

/** Whether `order` names a file rather than a way to draw. */
export function isOrderFile(order: string): boolean {
  return order !== 'shuffle' && order !== 'iid' && order !== 'sequential';
}

function inputError(issue: z.core.$ZodIssue, spec: unknown): InputError {
  // What an optimizer lacks at least.
  const lacks =
    issue.path.join('.') === 'optimizer' &&
    (spec as { readonly optimizer?: unknown }).optimizer === undefined;
  return issueError(FILE, lacks ? { ...issue, path: ['optimizer', 'lr'] } : issue, spec);
}
