import { InputError } from '../host/inputError.ts';
import { purpose } from '../random/purpose.ts';
import { threefry2x32 } from '../random/threefry.ts';
import { averagePool } from './averagePool.ts';
import type { Dataset } from './dataset.ts';
import { drawnExamples } from './drawnExamples.ts';
import { noisyLabels } from './noisyLabels.ts';

/** What is made of a data set before anything is trained or measured on it. Its test part is only made smaller. */
export interface DataOptions {
  /** Each k × k pixels become their mean (`averagePool`). */
  readonly averagePool?: number | undefined;
  /** So many of its examples, drawn without replacement. */
  readonly subset?: number | undefined;
  /** The probability with which a label is replaced by another one (`noisyLabels`). */
  readonly labelNoise?: number | undefined;
  /** Of subset and label noise, in [0, 2³²); 0 by default. */
  readonly dataSeed?: number | undefined;
}

interface Option {
  /** In a name, as in a train.json. */
  readonly name: string;
  readonly integer: boolean;
  readonly range: readonly [least: number, most: number];
}

const OPTIONS: Readonly<Record<keyof DataOptions, Option>> = {
  averagePool: { name: 'average_pool', integer: true, range: [1, 2 ** 16] },
  subset: { name: 'subset', integer: true, range: [1, 2 ** 32 - 1] },
  labelNoise: { name: 'label_noise', integer: false, range: [0, 1] },
  dataSeed: { name: 'data_seed', integer: true, range: [0, 2 ** 32 - 1] },
};

/** The options that any data set's name may have, as they are written there. */
export const DATA_OPTIONS = Object.values(OPTIONS).map(({ name }) => name);

/**
 * Parts a data set's name into what says where it is from, with the options of its own kind, and what is made of it:
 * "mnist?average_pool=2&subset=1000&data_seed=3".
 * @throws InputError for an option given twice or a value out of its range, and for a seed by which nothing is drawn
 */
export function splitDataName(data: string): { readonly from: string; readonly options: DataOptions } {
  const [head, query] = data.split(/\?(.*)/s) as [string, string?];
  const options: { -readonly [Key in keyof DataOptions]: number } = {};
  const own = (query ?? '').split('&').filter((pair) => {
    const [key, text = ''] = pair.split(/=(.*)/s) as [string, string?];
    const found = Object.entries(OPTIONS).find(([, { name }]) => name === key);
    if (!found) return pair !== '';
    const [place, option] = found as [keyof DataOptions, Option];
    if (options[place] !== undefined) throw new InputError(data, key, 'option given twice');
    options[place] = numberOf(data, option, text);
    return false;
  });
  if (options.dataSeed !== undefined && !isDrawn(options)) {
    throw new InputError(data, 'data_seed', 'nothing is drawn by it, expected subset or label_noise too');
  }
  const from = query === undefined || Object.keys(options).length === 0 ? data : joined(head, own);
  return { from, options };
}

function numberOf(data: string, { name, integer, range: [least, most] }: Option, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most && (!integer || Number.isInteger(value))) return value;
  const type = integer ? 'an integer' : 'a number';
  throw new InputError(data, name, `is "${text}", expected ${type} from ${least} to ${most}`);
}

/** Whether a seed decides what the data are. */
export function isDrawn({ subset, labelNoise }: DataOptions): boolean {
  return subset !== undefined || labelNoise !== undefined;
}

/**
 * What is made of a data set: smaller images, then noisy labels, then a subset. An example has the same label in every subset of a
 * seed, and a smaller subset is the beginning of a larger one. Its name is the one by which `loadDataset` gives it again.
 * @throws InputError for more examples than there are, and what `averagePool` and `noisyLabels` refuse
 */
export function withDataOptions(dataset: Dataset, options: DataOptions): Dataset {
  const { averagePool: k, subset, labelNoise, dataSeed = 0 } = options;
  const { test, ...pooled } = k === undefined ? dataset : averagePool(dataset, k);
  const noisy = labelNoise === undefined ? pooled : noisyLabels(pooled, labelNoise, dataSeed);
  if (subset !== undefined && subset > noisy.examples) {
    const reason = `is ${subset}, and there are ${noisy.examples} examples: expected at most as many`;
    throw new InputError(dataset.name, 'subset', reason);
  }
  const seed = threefry2x32(dataSeed, purpose.subset, 0, 0)[0];
  const drawn = subset === undefined ? noisy : drawnExamples(noisy, subset, seed);
  return { ...drawn, name: nameWith(dataset.name, options), ...(test ? { test } : {}) };
}

function nameWith(name: string, options: DataOptions): string {
  const values = isDrawn(options) ? { dataSeed: 0, ...options } : options;
  const [head, query] = name.split(/\?(.*)/s) as [string, string?];
  const pairs = (Object.keys(OPTIONS) as (keyof DataOptions)[]).flatMap((key) =>
    values[key] === undefined ? [] : [`${OPTIONS[key].name}=${values[key]}`],
  );
  return joined(head, [...(query ? [query] : []), ...pairs]);
}

function joined(head: string, pairs: readonly string[]): string {
  return pairs.length > 0 ? `${head}?${pairs.join('&')}` : head;
}
