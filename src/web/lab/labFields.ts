/** The built-in data sets; synthetic ones take options behind a question mark. */
export const DATA_NAMES = [
  'mnist',
  'fashion-mnist',
  'moby-dick',
  'gaussian-clusters',
  'teacher-student',
  'linear-regression',
  'quadratic',
  'markov-text',
];

/** A field of the form, by which its text goes into a train.json and into the page's address. */
export interface LabField {
  /** Of its text in the page's address. */
  readonly param: string;
  /** Its text at first. */
  readonly initial: string;
  /** The keys of a train.json that it gives: an error about one of them is shown beside the field. */
  readonly keys: readonly string[];
}

const field = (param: string, initial: string, ...keys: string[]): LabField => ({ param, initial, keys });

/** All fields of the Lab's form; a train.json has what they give. */
export const FIELDS = {
  data: field('data', 'mnist', 'data'),
  subset: field('subset', '', 'subset'),
  labelNoise: field('label_noise', '', 'label_noise'),
  averagePool: field('average_pool', '', 'average_pool'),
  augment: field('augment', '', 'augment'),
  order: field('order', 'shuffle', 'order'),
  model: field('model', '', 'model'),
  hidden: field('hidden', '128', 'model.hidden'),
  activation: field('activation', 'ReLU', 'model.activation'),
  transformer: field('transformer', '2, 64, 4', 'model.transformer'),
  sample: field('sample', '300', 'sample'),
  weights: field('weights', '', 'weights', 'weights_prefix'),
  weightsPrefix: field('weights_prefix', '', 'weights_prefix'),
  optimizer: field('optimizer', 'sgd', 'optimizer.type'),
  lr: field('lr', '0.1', 'optimizer.lr', 'replicas'),
  momentum: field('m', '0', 'optimizer.momentum'),
  weightDecay: field('wd', '0', 'optimizer.weight_decay'),
  optimizerOptions: field('optimizer_options', '', 'optimizer'),
  batchSize: field('B', '64', 'batch_size'),
  batchSchedule: field('batches', '', 'batch_schedule'),
  schedule: field('schedule', 'constant', 'lr_schedule.type'),
  scheduleOptions: field('schedule_options', '', 'lr_schedule'),
  averaging: field('averaging', 'none', 'averaging.type'),
  averagingOptions: field('averaging_options', '', 'averaging'),
  seeds: field('seed', '0', 'seed'),
  length: field('length', '2', 'steps', 'epochs'),
  lengthUnit: field('unit', 'epochs'),
  recordEvery: field('record', '1', 'record_every'),
  measureEvery: field('noise', '10', 'measure.every', 'measure'),
  smallBatch: field('small_batch', '1', 'measure.small_batch'),
  evaluateEvery: field('test', '200', 'evaluate'),
  instruments: field('instruments', '', 'instruments'),
  more: field('more', '', ''),
} as const satisfies Readonly<Record<string, LabField>>;

export type Field = keyof typeof FIELDS;

/** What the form holds: text as it was typed. */
export type Settings = { readonly [Key in Field]: string };

export const FIELD_NAMES = Object.keys(FIELDS) as readonly Field[];

export const defaultSettings = Object.fromEntries(
  FIELD_NAMES.map((name) => [name, FIELDS[name].initial]),
) as Settings;

/** The field beside which an error about a key of a train.json belongs: the one that gives the most of it. */
export function fieldOf(key: string): Field {
  const fits = (given: string): boolean => given === '' || key === given || key.startsWith(`${given}.`);
  const longest = (name: Field): number =>
    Math.max(-1, ...FIELDS[name].keys.filter(fits).map(({ length }) => length));
  return FIELD_NAMES.reduce((best, name) => (longest(name) > longest(best) ? name : best), 'more' as Field);
}
