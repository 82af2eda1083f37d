import type { TrainSpec } from '../../jobs/trainSpec.ts';
import { above, atLeast, list, several, wholeNumber, within } from '../parseNumbers.ts';
import { parseInstruments } from './instrumentsText.ts';
import { isText } from './isText.ts';
import { FIELDS, type Field, type Settings } from './labFields.ts';
import { parseOptions } from './optionsText.ts';

export const activations = ['ReLU', 'Tanh', 'Sigmoid', 'GELU'] as const;
export const optimizers = ['sgd', 'adam', 'adamw'] as const;
export const schedules = ['constant', 'step', 'cosine', 'cosine_restarts', 'swa', 'table'] as const;
export const averagings = ['none', 'swa', 'ema', 'lawa', 'swag'] as const;

/** More replicas than this take long to draw. */
const MOST_REPLICAS = 64;
/** Rates that a colour can be found for. */
const MOST_RATES = 16;

export type ParsedSettings =
  | { readonly spec: TrainSpec; readonly errors?: undefined }
  | { readonly spec?: undefined; readonly errors: Partial<Record<Field, string>> };

/**
 * The train.json that the form describes, or what is wrong with which field; several rates or seeds make replicas. What its keys may
 * be together the job itself says (`parseTrainSpec`).
 */
export function parseSettings(settings: Settings): ParsedSettings {
  const errors: Partial<Record<Field, string>> = {};
  const take = <T>(field: Field, parse: (text: string) => T): T => {
    try {
      return parse(settings[field]);
    } catch (error) {
      errors[field] = (error as Error).message;
      return undefined as T;
    }
  };
  const optional = <T>(field: Field, parse: (text: string) => T): T | undefined =>
    settings[field].trim() === '' ? undefined : take(field, parse);
  const options = (field: Field) => take(field, parseOptions);

  const own = settings.model.trim() === '';
  const text = isText(settings.data);
  const hidden = own && !text ? take('hidden', (given) => list(given, wholeNumber(1))) : [];
  const transformer = own && text ? take('transformer', parseTransformer) : undefined;
  const sample = text ? optional('sample', wholeNumber(1)) : undefined;
  const batchSize = take('batchSize', wholeNumber(1));
  const length = take('length', settings.lengthUnit === 'steps' ? wholeNumber(1) : above(0));
  const rates = take('lr', (text) => several(list(text, above(0)), 'a learning rate'));
  const sgd = settings.optimizer === 'sgd';
  const momentum = sgd ? take('momentum', within(0, 1)) : undefined;
  const weightDecay = take('weightDecay', atLeast(0));
  const seeds = take('seeds', (text) => several(seedList(text), 'a seed'));
  const recordEvery = take('recordEvery', wholeNumber(1));
  const measureEvery = optional('measureEvery', wholeNumber(1));
  const smallBatch = take('smallBatch', wholeNumber(1));
  const evaluateEvery = optional('evaluateEvery', wholeNumber(1));
  const instruments = take('instruments', (text) => parseInstruments(text, measureEvery ?? 10));
  const batchSchedule = optional('batchSchedule', parseBatchSchedule);
  const optimizerOptions = options('optimizerOptions');
  const scheduleOptions = options('scheduleOptions');
  const averagingOptions = options('averagingOptions');
  const augment = optional('augment', parseAugment);
  const subset = optional('subset', wholeNumber(1));
  const labelNoise = optional('labelNoise', atLeast(0));
  const averagePool = optional('averagePool', wholeNumber(1));
  const more = optional('more', parseMore) ?? {};
  if (rates && rates.length > MOST_RATES)
    errors.lr = `Makes ${rates.length} curves; at most ${MOST_RATES} can be told apart.`;
  else if (rates && seeds && rates.length * seeds.length > MOST_REPLICAS) {
    errors[rates.length > seeds.length ? 'lr' : 'seeds'] =
      `Makes ${rates.length * seeds.length} replicas; at most ${MOST_REPLICAS} are trained at once.`;
  }
  if (Object.keys(errors).length > 0) return { errors };

  const combinations = rates.flatMap((lr) => seeds.map((seed) => ({ lr, seed })));
  const spec = {
    data: settings.data.trim(),
    ...defined({ subset, label_noise: labelNoise, average_pool: averagePool, augment }),
    ...(settings.order.trim() === FIELDS.order.initial ? {} : { order: settings.order.trim() }),
    model: transformer
      ? { transformer }
      : own
        ? { hidden, activation: settings.activation }
        : settings.model.trim(),
    ...(settings.weights.trim() === '' ? {} : { weights: settings.weights.trim() }),
    ...(settings.weightsPrefix.trim() === '' ? {} : { weights_prefix: settings.weightsPrefix.trim() }),
    batch_size: batchSize,
    ...defined({ batch_schedule: batchSchedule }),
    ...(settings.lengthUnit === 'steps' ? { steps: length } : { epochs: length }),
    optimizer: {
      type: settings.optimizer,
      lr: rates[0],
      ...defined({ momentum, weight_decay: weightDecay }),
      ...optimizerOptions,
    },
    ...(settings.schedule === 'constant' && Object.keys(scheduleOptions).length === 0
      ? {}
      : { lr_schedule: { type: settings.schedule, ...scheduleOptions } }),
    ...(settings.averaging === 'none'
      ? {}
      : { averaging: { type: settings.averaging, ...averagingOptions } }),
    seed: seeds[0],
    record_every: recordEvery,
    ...(measureEvery === undefined
      ? {}
      : { measure: { every: measureEvery, ...(smallBatch === 1 ? {} : { small_batch: smallBatch }) } }),
    ...(instruments.length > 0 ? { instruments } : {}),
    ...(evaluateEvery === undefined ? {} : { evaluate: { every: evaluateEvery } }),
    ...(sample === undefined ? {} : { sample: { length: sample } }),
    ...(combinations.length > 1 ? { replicas: combinations } : {}),
    ...more,
  };
  return { spec: spec as TrainSpec };
}

/** `2, 64, 4`. */
function parseTransformer(text: string): { layers: number; width: number; heads: number } {
  const given = list(text, wholeNumber(1));
  if (given.length !== 3)
    throw new Error(`Expected three numbers, layers, width and heads, found ${given.length}.`);
  const [layers, width, heads] = given as [number, number, number];
  return { layers, width, heads };
}

/** A learning rate as typed into the field of the running job. @throws Error that says what is expected. */
export const parseLearningRate = above(0);
/** And a batch size. */
export const parseBatchSize = wholeNumber(1);

/** Seeds, and ranges of them: `0-3, 7`. */
function seedList(text: string): number[] {
  const seed = wholeNumber(0, 2 ** 32 - 1);
  return text.split(/[\s,;]+/).flatMap((item) => {
    const [, from, to] = /^(\d+)-(\d+)$/.exec(item) ?? [];
    if (from === undefined || to === undefined) return item === '' ? [] : [seed(item)];
    const [first, last] = [seed(from), seed(to)];
    if (last < first || last - first >= MOST_REPLICAS)
      throw new Error(`Expected a range of at most ${MOST_REPLICAS} seeds, found ${item}.`);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** `0: 32, 500: 128` as a table, `grow` or `noise examples_per_step=…` as a rule. */
function parseBatchSchedule(text: string): unknown {
  const [, rule, options] = /^\s*([a-z]+)\b[\s,:]*(.*)$/.exec(text) ?? [];
  if (rule !== undefined) return { rule, ...parseOptions(options ?? '') };
  return text
    .replace(/\s*:\s*/g, ':')
    .split(/[\s,;]+/)
    .filter((item) => item !== '')
    .map((item) => {
      const [, step, size] = /^(\d+):(\d+)$/.exec(item) ?? [];
      if (step === undefined || size === undefined)
        throw new Error(`Expected step: B, … as in 0: 32, 500: 128, or a rule, found “${item}”.`);
      return { from_step: Number(step), batch_size: Number(size) };
    });
}

/** `shift=2, flip=true, crop=4`. */
function parseAugment(text: string): unknown {
  const { crop, ...rest } = parseOptions(text);
  return { ...rest, ...(crop === undefined ? {} : { crop: { padding: crop } }) };
}

/** Further keys of a train.json. */
function parseMore(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no JSON: ${(error as Error).message}.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error('Expected an object with keys of a train.json: {"init_seed": 3}.');
}

function defined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;
}
