import { statSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { splitDataName } from '../data/dataOptions.ts';
import { builtinNames, isBuiltinName } from '../data/loadDataset.ts';
import { splitPaths } from '../data/splitPaths.ts';
import { InputError } from '../host/inputError.ts';

/** The options of `basin train`, as commander gives them. */
export interface TrainOptions {
  data?: string;
  averagePool?: number;
  subset?: number;
  labelNoise?: number;
  shift?: number;
  flip?: boolean;
  cropPadding?: number;
  model?: string;
  hidden?: number[];
  transformer?: number[];
  sample?: number | true;
  samplePrompt?: string;
  sampleTemperature?: number;
  activation?: string;
  weights?: string;
  weightsPrefix?: string;
  weightsByOrder?: boolean;
  order?: string;
  batchSize?: number;
  batchSchedule?: Record<string, unknown>;
  lrSearch?: Record<string, unknown> | true;
  epochs?: number;
  steps?: number;
  seed?: number[];
  initSeed?: number[];
  orderSeed?: number[];
  dataSeed?: number[];
  replicas?: number;
  lr?: number[];
  momentum?: number[];
  nesterov?: boolean;
  weightDecay?: number[];
  dampening?: number;
  optimizer?: string;
  betas?: number[];
  eps?: number;
  amsgrad?: boolean;
  schedule?: Record<string, unknown>;
  warmup?: number;
  averaging?: Record<string, unknown>;
  swaStart?: number;
  swaEvery?: number;
  emaDecay?: number;
  measureEvery?: number;
  measureSmallBatch?: number;
  measureTests?: boolean;
  recordEvery?: number;
  evaluateEvery?: number;
  snapshot?: string;
  snapshotEvery?: number;
}

/** A JSON object: train.json, or what replaces it. */
export type Json = Record<string, unknown>;

const COMMAND_LINE = 'command line';

/**
 * train.json with the command line's options over it, an option replacing what the file says.
 *
 * The values of `--lr`, `--momentum`, `--weight-decay` and the seeds make one replica for each combination, the first
 * varying slowest; `--replicas n` counts seeds up from `--seed`.
 *
 * @param file what train.json holds, or {} without one.
 * @param path makes a path of the command line one that the job can read.
 * @throws InputError for options that contradict each other.
 */
export function trainSpec(file: Json, options: TrainOptions, path: (name: string) => string): Json {
  const spec: Json = { ...file };
  const set = (key: string, value: unknown) => {
    if (value !== undefined) spec[key] = value;
  };

  if (options.model !== undefined && options.hidden) refuse('--hidden', '--model says what the layers are');
  if (options.transformer && (options.model !== undefined || options.hidden))
    refuse('--transformer', `${options.hidden ? '--hidden' : '--model'} says what the layers are`);
  if (options.activation !== undefined && !options.hidden) refuse('--activation', 'it belongs to --hidden');
  set('model', options.model === undefined ? undefined : path(options.model));
  set('model', options.hidden && { hidden: options.hidden, activation: options.activation ?? 'ReLU' });
  set('model', options.transformer && { transformer: transformerOf(options.transformer) });
  set('data', options.data === undefined ? undefined : dataName(options.data, path));
  set('average_pool', options.averagePool);
  set('subset', options.subset);
  set('label_noise', options.labelNoise);
  setAugmentation(spec, options);
  set('weights', options.weights === undefined ? undefined : path(options.weights));
  set('weights_prefix', options.weightsPrefix);
  set('weights_by_order', options.weightsByOrder);
  set('order', orderName(options.order, path));
  set('batch_size', options.batchSize);
  set('batch_schedule', options.batchSchedule);
  set('lr_search', options.lrSearch === true ? {} : options.lrSearch);

  if (options.steps !== undefined && options.epochs !== undefined)
    refuse('--epochs', '--steps is given as well');
  if (options.steps !== undefined || options.epochs !== undefined) {
    delete spec.steps;
    delete spec.epochs;
  }
  set('steps', options.steps);
  set('epochs', options.epochs);

  setOptimizer(spec, options);
  setSchedule(spec, options);
  setAveraging(spec, options);
  setMeasure(spec, options);
  set('record_every', options.recordEvery);
  set('evaluate', options.evaluateEvery && { every: options.evaluateEvery });
  setSample(spec, options);
  setSnapshot(spec, options, path);
  set('seed', options.seed?.[0]);
  set('init_seed', options.initSeed?.[0]);
  set('order_seed', options.orderSeed?.[0]);
  set('data_seed', options.dataSeed?.[0]);
  set('replicas', replicas(spec, options));
  return spec;
}

/** Layers, width and heads, as `--transformer` has them. */
function transformerOf(given: readonly number[]): Json {
  if (given.length !== 3)
    refuse('--transformer', `has ${given.length} numbers, expected three: layers, width, heads`);
  const [layers, width, heads] = given;
  return { layers, width, heads };
}

function setSample(spec: Json, { sample, samplePrompt, sampleTemperature }: TrainOptions): void {
  const given = {
    ...(sample === undefined || sample === true ? {} : { length: sample }),
    ...(samplePrompt === undefined ? {} : { prompt: samplePrompt }),
    ...(sampleTemperature === undefined ? {} : { temperature: sampleTemperature }),
  };
  if (sample === undefined && Object.keys(given).length === 0) return;
  spec.sample = { ...(spec.sample as Json | undefined), ...given };
}

function refuse(option: string, reason: string): never {
  throw new InputError(COMMAND_LINE, option, reason);
}

/** Data given on the command line: a file's path and each of a list become absolute, as the job sees it; a built-in's name stays. */
export function dataName(name: string, path: (name: string) => string): string {
  const is = (part: string) => statSync(path(part), { throwIfNoEntry: false });
  if (is(name)?.isFile() || (is(name) && !builtinNames().includes(name))) return path(name);
  const [from, options] = name.split(/(?=\?)/s) as [string, string?];
  if (options !== undefined && splitDataName(name).from !== name) return `${dataName(from, path)}${options}`;
  if (isBuiltinName(name)) return name;
  const files = splitPaths(name, (part) => is(part)?.isFile() ?? false) ?? name.split(',');
  return files.map(path).join(',');
}

/** An order given on the command line: a file's path becomes absolute. */
export function orderName(name: string | undefined, path: (name: string) => string): string | undefined {
  return name === undefined || ['shuffle', 'iid', 'sequential'].includes(name) ? name : path(name);
}

function setOptimizer(spec: Json, options: TrainOptions): void {
  const given = {
    lr: options.lr?.[0],
    momentum: options.momentum?.[0],
    nesterov: options.nesterov,
    weight_decay: options.weightDecay?.[0],
    dampening: options.dampening,
    betas: options.betas,
    eps: options.eps,
    amsgrad: options.amsgrad,
  };
  const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const before = spec.optimizer as Json | undefined;
  const type = options.optimizer ?? before?.type ?? 'sgd';
  // Another optimizer than the file's has none of its settings.
  const kept = type === (before?.type ?? 'sgd') ? before : undefined;
  if (Object.keys(changes).length === 0 && (options.optimizer === undefined || kept)) return;
  spec.optimizer = { type, ...kept, ...changes };
}

/** Each option over what the file says; a shift takes the place of a crop, which is one, and a crop that of a shift. */
function setAugmentation(spec: Json, { shift, flip, cropPadding }: TrainOptions): void {
  if (shift === undefined && flip === undefined && cropPadding === undefined) return;
  if (shift !== undefined && cropPadding !== undefined) refuse('--crop-padding', '--shift is given as well');
  const { shift: _, crop: __, ...others } = (spec.augment as Json | undefined) ?? {};
  const moved = shift !== undefined || cropPadding !== undefined;
  spec.augment = {
    ...(moved ? others : (spec.augment as Json | undefined)),
    ...(shift === undefined ? {} : { shift }),
    ...(cropPadding === undefined ? {} : { crop: { padding: cropPadding } }),
    ...(flip === undefined ? {} : { flip }),
  };
}

function setSchedule(spec: Json, { schedule, warmup }: TrainOptions): void {
  if (schedule) spec.lr_schedule = { ...schedule };
  if (warmup !== undefined) {
    spec.lr_schedule = { type: 'constant', ...(spec.lr_schedule as Json | undefined), warmup };
  }
}

function setAveraging(spec: Json, { averaging: whole, swaStart, swaEvery, emaDecay }: TrainOptions): void {
  const swa = swaStart !== undefined || swaEvery !== undefined;
  if (whole && (swa || emaDecay !== undefined))
    refuse('--averaging', `a run keeps one average, and ${swa ? '--swa-start' : '--ema-decay'} asks for one`);
  if (whole) spec.averaging = { ...whole };
  if (swa && emaDecay !== undefined)
    refuse('--ema-decay', 'a run keeps one average, and --swa-start asks for SWA');
  if (swa) {
    const before = spec.averaging as Json | undefined;
    const averaging: Json = { ...(before?.type === 'swa' ? before : {}), type: 'swa' };
    if (swaStart !== undefined) averaging.start = swaStart;
    if (swaEvery !== undefined) averaging.every = swaEvery;
    spec.averaging = averaging;
  }
  if (emaDecay !== undefined) spec.averaging = { type: 'ema', decay: emaDecay };
}

function setMeasure(spec: Json, { measureEvery, measureSmallBatch, measureTests }: TrainOptions): void {
  const given = { every: measureEvery, small_batch: measureSmallBatch, tests: measureTests };
  const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  if (Object.keys(changes).length > 0) spec.measure = { ...(spec.measure as Json | undefined), ...changes };
}

function setSnapshot(
  spec: Json,
  { snapshot, snapshotEvery }: TrainOptions,
  path: (name: string) => string,
): void {
  const given = { file: snapshot === undefined ? undefined : path(snapshot), every: snapshotEvery };
  const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  if (Object.keys(changes).length === 0) return;
  const { seconds, ...before } = (spec.snapshot ?? {}) as Json;
  // Steps that are asked for here take the place of the file's seconds.
  const kept = seconds === undefined || snapshotEvery !== undefined ? before : { ...before, seconds };
  spec.snapshot = { ...kept, ...changes };
}

function replicas(spec: Json, options: TrainOptions): Json[] | undefined {
  const { lr, momentum, weightDecay, initSeed, orderSeed, dataSeed, replicas: count } = options;
  let seeds = options.seed;
  if (count !== undefined) {
    if (seeds && seeds.length > 1) refuse('--replicas', '--seed lists the seeds already');
    const first = seeds?.[0] ?? (spec.seed as number | undefined) ?? 0;
    seeds = Array.from({ length: count }, (_, r) => first + r);
  }
  const axes = {
    lr,
    momentum,
    weight_decay: weightDecay,
    seed: seeds,
    init_seed: initSeed,
    order_seed: orderSeed,
    data_seed: dataSeed,
  };
  const several = Object.entries(axes).filter(([, values]) => values && values.length > 1);
  if (several.length === 0) return undefined;
  if (spec.replicas !== undefined) {
    refuse(`--${several[0]![0].replaceAll('_', '-')}`, 'the file lists its replicas already');
  }
  let all: Json[] = [{}];
  for (const [key, values] of several) {
    all = all.flatMap((replica) => values!.map((value) => ({ ...replica, [key]: value })));
  }
  return all;
}

/** One finite number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

/** Numbers separated by commas. */
export function numbers(text: string): number[] {
  return text.split(',').map(number);
}

/** A whole number of at least `least`. */
export function integer(least: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    }
    return value;
  };
}

/** Whole numbers of at least `least`, separated by commas. */
export function integers(least: number): (text: string) => number[] {
  const one = integer(least);
  return (text) => text.split(',').map(one);
}

/** Collects the sizes of a repeated or variadic option, commas allowed too. */
export function sizes(text: string, before?: number[]): number[] {
  return [...(before ?? []), ...integers(1)(text)];
}

/** `cosine:T_max=500,eta_min=0` → { type: 'cosine', T_max: 500, eta_min: 0 }; values that are no numbers stay text. */
export function typed(text: string): Json {
  const [type, rest] = text.split(/:(.*)/s) as [string, string | undefined];
  return { type, ...keyValues(rest ?? '') };
}

/** `grow:max_batch_size=512` → { rule: 'grow', max_batch_size: 512 }. */
export function batchRule(text: string): Json {
  const { type: rule, ...rest } = typed(text);
  return { rule, ...rest };
}

/** `after=20,draws=16` → { after: 20, draws: 16 }; values that are no numbers stay text. */
export function keyValues(text: string): Json {
  const spec: Json = {};
  for (const pair of text ? text.split(',') : []) {
    const [key, value] = pair.split(/=(.*)/s) as [string, string | undefined];
    if (!key || value === undefined || value === '') {
      throw new InvalidArgumentError(`Expected key=value,key=value, found "${pair}".`);
    }
    spec[key] = Number.isNaN(Number(value)) ? value : Number(value);
  }
  return spec;
}
