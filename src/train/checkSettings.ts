import { z } from 'zod';
import { isDrawn } from '../data/dataOptions.ts';
import type { Dataset } from '../data/dataset.ts';
import { requireDataset } from '../data/requireDataset.ts';
import { InputError } from '../host/inputError.ts';
import { requireAwaited } from '../host/requireAwaited.ts';
import { showValue } from '../host/showValue.ts';
import type { GivenTensors } from '../nn/givenTensors.ts';
import type { GivenModel } from '../nn/modelFrom.ts';
import { REPLICA_KEYS, type ReplicaKey } from './replicaGrid.ts';
import { MOST_STEPS } from './runParts.ts';
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
} from './runSchemas.ts';
import type { TrainSettings } from './trainSettings.ts';

/** How messages name the settings. */
export const SETTINGS = 'train';

const captured = {
  start: count.default(1),
  every: count.default(1),
  bnBatchSize: count.optional(),
  bnOrder: z.enum(['file', 'shuffle']).optional(),
};
const values = {
  lr: rate,
  momentum: rate,
  weightDecay: rate,
  seed,
  initSeed: seed,
  orderSeed: seed,
  dataSeed: seed,
} satisfies Record<ReplicaKey, z.ZodType<number>>;
const list = (value: z.ZodType<number>) => z.array(value).optional();
const lists = knownKeys({
  lr: list(values.lr),
  momentum: list(values.momentum),
  weightDecay: list(values.weightDecay),
  seed: list(values.seed),
  initSeed: list(values.initSeed),
  orderSeed: list(values.orderSeed),
  dataSeed: list(values.dataSeed),
}).optional();

const batchRule = z.discriminatedUnion(
  'rule',
  [
    knownKeys({ rule: z.literal('grow'), maxBatchSize: count.optional() }),
    knownKeys({
      rule: z.literal('noise'),
      examplesPerStep: ruleParts.examples,
      checkEvery: count,
      confirm: count.default(2),
      lrLaw: ruleParts.law,
      minBatchSize: count.optional(),
      maxBatchSize: count.optional(),
    }),
  ],
  { error: "expected 'grow' or 'noise'" },
);

const keys = {
  model: z.custom<GivenModel>(),
  loss: z.enum(['cross_entropy', 'mse']).optional(),
  data: z.custom<Dataset>(),
  subset: count.optional(),
  labelNoise: probability.optional(),
  augment: augmentSchema.optional(),
  weights: z.custom<GivenTensors>(isObject, 'expected the state dict, tensors by name').optional(),
  weightsPrefix: z.string().optional(),
  weightsByOrder: z.boolean().optional(),
  steps: z.int().nonnegative().max(MOST_STEPS).optional(),
  epochs: z.number().positive().optional(),
  batchSize: count.optional(),
  batchSchedule: listOr(
    z.array(knownKeys({ fromStep: z.int().nonnegative(), batchSize: count })).min(1),
    batchRule,
    "a table [{ fromStep, batchSize }, …], { rule: 'grow' } or { rule: 'noise', … }",
  ).optional(),
  lr: values.lr.optional(),
  momentum: values.momentum.optional(),
  weightDecay: values.weightDecay.optional(),
  seed: values.seed.optional(),
  initSeed: values.initSeed.optional(),
  orderSeed: values.orderSeed.optional(),
  dataSeed: values.dataSeed.optional(),
  grid: lists,
  zip: lists,
  optimizer: z.enum(['sgd', 'adam', 'adamw']).default('sgd'),
  betas: betas.optional(),
  eps: rate.optional(),
  amsgrad: z.boolean().optional(),
  nesterov: z.boolean().default(false),
  dampening: z.number().default(0),
  schedule: scheduleSchema.default({ type: 'constant' }),
  lrSearch: lrSearchSchema.optional(),
  order: z.enum(['shuffle', 'iid', 'sequential']).default('shuffle'),
  averaging: z
    .discriminatedUnion('kind', [
      knownKeys({ kind: z.literal('swa'), ...captured }),
      knownKeys({ kind: z.literal('ema'), decay: z.number().min(0).lt(1), ...captured }),
      knownKeys({ kind: z.literal('lawa'), last: count, ...captured }),
      knownKeys({ kind: z.literal('swag'), ...captured }),
    ])
    .optional(),
  noiseScaleEvery: count.optional(),
  smallBatch: count.optional(),
  gradientTests: z.boolean().optional(),
  instruments: z.array(z.record(z.string(), z.unknown())).default([]),
  resume: z.instanceof(Uint8Array).optional(),
} satisfies Record<keyof TrainSettings, z.ZodType>;
const schema = z.strictObject(keys);

/** Settings that only some optimizers have. */
const OWN_KEYS: Readonly<Record<'sgd' | 'adam', readonly string[]>> = {
  sgd: ['momentum', 'nesterov', 'dampening'] satisfies (keyof TrainSettings)[],
  adam: ['betas', 'eps', 'amsgrad'] satisfies (keyof TrainSettings)[],
};

/** The settings of a run, checked, with every default that no list takes the place of. */
export type CheckedSettings = z.output<typeof schema>;

/**
 * Refuses settings that cannot be meant, as far as they alone tell.
 * @throws InputError naming the key, what was found and what was expected: also for a key that is none
 */
export function checkSettings(given: TrainSettings): CheckedSettings {
  if (!isObject(given)) {
    throw refuse('settings', `found ${showValue(given)}, expected { model, data, … } as the second argument`);
  }
  for (const [key, value] of Object.entries(given)) requireAwaited(SETTINGS, key, value);
  for (const key of REPLICA_KEYS) {
    if (!Array.isArray(given[key])) continue;
    const several = `several replicas are grid: { ${key}: […] }, every combination, or zip: { ${key}: […] }, lists that go together`;
    throw refuse(key, `is ${showValue(given[key])}, expected a number; ${several}`);
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
      throw refuse(issue.keys[0]!, `is no setting, expected some of ${Object.keys(keys).join(', ')}`);
    }
    throw issueError(SETTINGS, issue, given);
  }
  const settings = parsed.data;
  requireDataset(SETTINGS, 'data', settings.data);
  const other = settings.optimizer === 'sgd' ? OWN_KEYS.adam : OWN_KEYS.sgd;
  for (const [place, of] of Object.entries({
    '': given,
    'grid.': given.grid ?? {},
    'zip.': given.zip ?? {},
  })) {
    const key = other.find((one) => (of as Readonly<Record<string, unknown>>)[one] !== undefined);
    if (key) throw refuse(place + key, `says nothing of optimizer "${settings.optimizer}"`);
  }
  const { schedule, grid, zip, noiseScaleEvery, batchSchedule, batchSize } = settings;
  if ((settings.steps === undefined) === (settings.epochs === undefined)) {
    const [key, found] =
      settings.steps === undefined ? ['steps', 'missing'] : ['epochs', 'given beside steps'];
    throw refuse(key!, `${found}, expected one of steps and epochs`);
  }
  if (schedule.type === 'table') {
    const places = Object.entries({ lr: settings, 'grid.lr': grid, 'zip.lr': zip });
    const [place] = places.find(([, of]) => of?.lr !== undefined) ?? [];
    if (place) throw refuse(place, 'says nothing beside a table, whose rates are absolute: expected no lr');
  }
  const placeOf = (key: 'initSeed' | 'dataSeed'): string | undefined =>
    Object.entries({ [key]: settings, [`grid.${key}`]: grid, [`zip.${key}`]: zip }).find(
      ([, of]) => of?.[key] !== undefined,
    )?.[0];
  const initSeed = placeOf('initSeed');
  if (settings.weights && initSeed)
    throw refuse(initSeed, 'says nothing beside weights, which are then not drawn: expected no initSeed');
  const dataSeed = placeOf('dataSeed');
  if (dataSeed && !settings.augment && !isDrawn(settings))
    throw refuse(dataSeed, 'says nothing where nothing is drawn: expected subset, labelNoise or augment');
  for (const key of ['weightsPrefix', 'weightsByOrder'] as const) {
    if (settings[key] === undefined || settings.weights) continue;
    throw refuse(key, 'says nothing without weights');
  }
  for (const key of ['smallBatch', 'gradientTests'] as const) {
    if (settings[key] === undefined || noiseScaleEvery !== undefined) continue;
    throw refuse(key, 'says nothing without noiseScaleEvery, which measures the noise scale');
  }
  const table = Array.isArray(batchSchedule) ? batchSchedule : [];
  table.forEach(({ fromStep }, i) => {
    if (i === 0 || fromStep > table[i - 1]!.fromStep) return;
    throw refuse(`batchSchedule.${i}.fromStep`, `is ${fromStep}, expected more than the entry before it`);
  });
  const begins = table[0]?.fromStep === 0;
  if (begins === (batchSize !== undefined)) {
    const reason = begins ? 'given beside a batchSchedule that begins at step 0' : 'missing';
    throw refuse('batchSize', `${reason}, expected a batch size, or a batchSchedule that begins at step 0`);
  }
  return settings;
}

function refuse(key: string, reason: string): InputError {
  return new InputError(SETTINGS, key, reason);
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null;
}
