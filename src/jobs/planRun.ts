import { type Dataset, fitDataset } from '../data/dataset.ts';
import { orderTable } from '../data/order.ts';
import { readWeights } from '../data/readWeights.ts';
import { readSafetensors } from '../data/safetensors.ts';
import type { Gpu } from '../gpu/device.ts';
import { InputError } from '../host/inputError.ts';
import { noiseScaleInstrument } from '../measure/gradient/noiseScaleInstrument.ts';
import { type Instrument, smallestUnit } from '../measure/instrument.ts';
import { instrumentFrom, requireDifferent, requireMeasurable } from '../measure/instruments.ts';
import { requireBatches } from '../nn/batchNorm.ts';
import { initialStateDict } from '../nn/init.ts';
import { requireParameters } from '../nn/modelFrom.ts';
import { type ModelSpec, parseModel, stateDictLayout } from '../nn/modelSpec.ts';
import type { StateValues } from '../nn/stateDict.ts';
import type { Averaging } from '../optim/average.ts';
import { captureCount } from '../optim/captureSteps.ts';
import { cycleWarning } from '../optim/cycleWarning.ts';
import { deriveSeed } from '../random/deriveSeed.ts';
import { augmentationOf } from '../train/augmentationOf.ts';
import type { BatchRule } from '../train/batchRule.ts';
import { requireLrSearch } from '../train/lrSearch.ts';
import { neverDueWarning } from '../train/neverDueWarning.ts';
import { optimizerRule, optimizerSettings } from '../train/optimizerOf.ts';
import { type PlannedBatches, planBatches } from '../train/planBatches.ts';
import { type RunNames, requireFits } from '../train/requireFits.ts';
import { MOST_STEPS, possibleBatchSizes, type RunShape } from '../train/runParts.ts';
import { requireDivisors } from '../train/smallBatches.ts';
import { augmentationWarning } from '../train/stepSampling.ts';
import { timeConstants } from '../train/timeConstants.ts';
import type { Replica, TrainingOptions } from '../train/trainingRun.ts';
import { averagingFrom } from './averagingSchema.ts';
import type { JobHost } from './jobEvent.ts';
import { isShortForm, modelOfShortForm, type NamedModel, type ShortForm } from './shortForms.ts';
import { type TextSampling, textSampling } from './textSampling.ts';
import { readTrainData, type TrainData } from './trainData.ts';
import {
  DEFAULT_BATCH_SIZE,
  isOrderFile,
  type ParsedTrainSpec,
  parseTrainSpec,
  smallBatches,
  type TrainSpec,
  tableOf,
} from './trainSpec.ts';

/** What a run takes, and what a user should know about it. */
export interface PlannedRun {
  readonly options: TrainingOptions;
  /** Texts that are to be drawn on the way; null for none. */
  readonly sampling: TextSampling | null;
  readonly notes: readonly string[];
  /**
   * Refuses a batch size that the run cannot go on with, whatever else it was given.
   * @throws InputError naming the key
   */
  requireBatchSize(batchSize: number): Promise<void>;
}

/**
 * Refuses what can be refused before data are read and a device is opened.
 * @returns the description, checked and with its defaults
 * @throws InputError
 */
export async function checkTrainSpec(given: TrainSpec, host: JobHost): Promise<ParsedTrainSpec> {
  const spec = parseTrainSpec(given);
  await readModel(spec.model, host);
  if (spec.steps !== undefined) {
    requireSteps(spec, spec.steps);
    averagingOf(spec, spec.steps);
  }
  return spec;
}

/**
 * Reads the files that a run's description names and turns it into what the run takes.
 * @param gpu whose limits the run is held against, before its weights and tables are made
 * @throws InputError for input that is refused, before anything runs
 */
export async function planRun(spec: ParsedTrainSpec, host: JobHost, gpu: Gpu): Promise<PlannedRun> {
  const notes: string[] = [];
  const given = await readModel(spec.model, host);
  const data = await readTrainData(spec, host);
  const { file, model } = given ?? modelOfShortForm(spec.model as ShortForm, data.all, notes);
  const { dataset, shapes } = fitDataset(data.first, model, file);

  const batchSize = spec.batch_size ?? tableOf(spec)[0]?.batch_size ?? usualBatchSize(dataset, spec);
  const planned = batchesOf(spec, batchSize, dataset.examples);
  const { steps, batches, batchControl } = planned;
  const averaging = averagingOf(spec, steps);
  const instruments = instrumentsOf(spec);
  const sampling = spec.sample ? textSampling(spec.sample, model, dataset, shapes.at(-1)!) : null;
  requireMeasurable('train.json', instruments, { dataset, model });
  const bnBatchSize = spec.averaging?.bn_batch_size ?? batches.at(-1)!.batchSize;
  requireBatches(file, model, shapes, {
    batchSizes: possibleBatchSizes(planned),
    measures: smallestUnit(instruments),
    passes: averaging ? { examples: dataset.examples, batchSize: bnBatchSize } : null,
  });
  const shape: RunShape = {
    model,
    dataset,
    own: data.own,
    augmentation: spec.augment && augmentationOf('train.json', spec.augment, data.all.exampleShape),
    steps,
    batches,
    batchControl,
    lrSearch: spec.lr_search,
    optimizer: optimizerRule(spec.optimizer),
    sampling: isOrderFile(spec.order) ? 'order' : (spec.order as 'shuffle' | 'iid' | 'sequential'),
    averaging,
    bnBatchSize,
    bnOrder: spec.averaging?.bn_order,
    instruments,
  };
  if (spec.lr_search) {
    const searched = { model, optimizer: optimizerRule(spec.optimizer), schedule: spec.lr_schedule, steps };
    const keys = { search: 'lr_search', after: 'lr_search.after', schedule: 'lr_schedule' };
    requireLrSearch(
      spec.lr_search,
      searched,
      (key, reason) => new InputError('train.json', keys[key], reason),
    );
  }
  await requireFits(gpu, shape, spec.replicas?.length ?? 1, namesIn(spec));
  const replicas = await readReplicas(spec, { model, file, data, rates: planned.rates }, host, notes);
  if (ruleOf(spec)) {
    const settings = replicas.map((replica) => replica.settings);
    notes.push(...timeConstants(possibleBatchSizes(shape), settings, averaging));
  }

  const drawn = {
    ...shape,
    ...(isOrderFile(spec.order)
      ? {
          order: orderTable(spec.order, readSafetensors(spec.order, await host.read(spec.order)), {
            steps,
            batchSize,
            examples: dataset.examples,
          }),
        }
      : {}),
  };
  const warnings = [
    cycleWarning(averaging, spec.lr_schedule, steps),
    augmentationWarning(drawn),
    neverDueWarning(instruments, steps),
  ];
  return {
    options: { ...drawn, recordEvery: spec.record_every, replicas },
    sampling,
    notes: [...notes, ...warnings.flatMap((warning) => warning ?? [])],
    async requireBatchSize(size) {
      const refuse = (key: string, reason: string): InputError => new InputError('train.json', key, reason);
      const fixed = `says how batches are drawn, so that B cannot be set while the run goes on`;
      if (isOrderFile(spec.order)) throw refuse('order', fixed);
      if (ruleOf(spec)) throw refuse('batch_schedule', fixed);
      requireDivisors(smallBatches(spec), [size], refuse);
      const measures = smallestUnit(instruments);
      requireBatches(file, model, shapes, { batchSizes: [size], measures, passes: null });
      const resized = { ...shape, batches: [{ fromStep: 0, batchSize: size }] };
      await requireFits(gpu, resized, replicas.length, { ...namesIn(spec), batchSize: 'batch_size' });
    },
  };
}

/** B of every step, as the description has it. */
function batchesOf(spec: ParsedTrainSpec, batchSize: number, examples: number): PlannedBatches {
  const {
    steps,
    epochs,
    lr_schedule: lrSchedule,
    optimizer,
    replicas = [{}],
    measure,
    instruments = [],
  } = spec;
  const rule = ruleOf(spec);
  const table = tableOf(spec).map((entry) => ({ fromStep: entry.from_step, batchSize: entry.batch_size }));
  const asked = {
    batchSize,
    schedule: rule ?? table,
    steps,
    epochs,
    lrSchedule,
    lrs: replicas.map(({ lr }) => lr ?? optimizer.lr),
    // Those of a table were looked at before the data were.
    smallBatches: rule ? smallBatches(spec) : [],
    augmentedWithoutReplacement: spec.augment !== undefined && spec.order !== 'iid',
    measuresNoise: measure !== undefined || instruments.some(({ type }) => type === 'noise_scale'),
  };
  return planBatches(asked, examples, {
    schedule: 'batch_schedule',
    least: 'min_batch_size',
    most: 'max_batch_size',
    noise: '"measure" or an instrument "noise_scale"',
    requireSteps: (count) => requireSteps(spec, count),
    lr: (replica) => `replicas.${replica}.lr`,
    refuse: (key, reason) => new InputError('train.json', key, reason),
  });
}

/** The batch schedule where it is a rule. */
export function ruleOf({ batch_schedule: rule }: ParsedTrainSpec): BatchRule | undefined {
  if (rule === undefined || Array.isArray(rule)) return undefined;
  if (rule.rule === 'grow') return { rule: 'grow', maxBatchSize: rule.max_batch_size };
  return {
    rule: 'noise',
    examplesPerStep: rule.examples_per_step,
    checkEvery: rule.check_every,
    confirm: rule.confirm,
    lrLaw: rule.lr_law,
    minBatchSize: rule.min_batch_size,
    maxBatchSize: rule.max_batch_size,
  };
}

/** What is measured on the way: `measure` is short for a noise scale by layers. */
function instrumentsOf({ measure, instruments = [] }: ParsedTrainSpec): readonly Instrument[] {
  const made = instruments.map((given, i) => instrumentFrom('train.json', `instruments.${i}`, given));
  if (measure) {
    const { every, small_batch: smallBatch, tests } = measure;
    made.unshift(noiseScaleInstrument({ smallBatch, tests, layers: true }, { every }));
  }
  return requireDifferent('train.json', made);
}

/** B where none is given: as many as there are where that is fewer, in whole sub-batches of the statistics. */
function usualBatchSize({ examples }: Dataset, spec: ParsedTrainSpec): number {
  const small = Math.max(1, ...smallBatches(spec).map(([, size]) => size));
  return Math.min(DEFAULT_BATCH_SIZE, Math.max(1, Math.floor(examples / small)) * small);
}

function requireSteps({ steps: given, lr_schedule }: ParsedTrainSpec, steps: number): void {
  if (steps > MOST_STEPS) {
    const [key, what] = given === undefined ? ['epochs', `come to ${steps} steps`] : ['steps', `is ${steps}`];
    throw new InputError('train.json', key!, `${what}, expected at most ${MOST_STEPS} steps`);
  }
  if (lr_schedule.type === 'table' && lr_schedule.values.length < steps) {
    const reason = `has ${lr_schedule.values.length} rates, expected at least ${steps}, one a step`;
    throw new InputError('train.json', 'lr_schedule.values', reason);
  }
}

/** What the parts of a run are called in its description. */
function namesIn({ steps, batch_schedule, subset }: ParsedTrainSpec): RunNames {
  return {
    file: 'train.json',
    steps: steps === undefined ? 'epochs' : 'steps',
    batchSize: Array.isArray(batch_schedule) ? 'batch_schedule' : 'batch_size',
    largestBatch:
      batch_schedule && !Array.isArray(batch_schedule) ? 'batch_schedule.max_batch_size' : undefined,
    bnBatchSize: 'averaging.bn_batch_size',
    replicas: 'replicas',
    data: subset === undefined ? 'data' : 'subset',
    model: 'model',
  };
}

function averagingOf({ averaging }: ParsedTrainSpec, steps: number): Averaging | undefined {
  if (!averaging) return undefined;
  const taken = averagingFrom(averaging);
  if (captureCount(taken, steps) === 0) {
    const reason = `starts at step ${taken.start}, the run has ${steps} steps, so nothing would be averaged`;
    throw new InputError('train.json', 'averaging.start', reason);
  }
  return taken;
}

/** @returns null for a short form, which the data complete */
async function readModel(given: ParsedTrainSpec['model'], host: JobHost): Promise<NamedModel | null> {
  if (isShortForm(given)) return null;
  const [file, content] =
    typeof given === 'string' ? [given, await host.read(given)] : ['train.json model', given];
  const model = parseModel(file, content);
  requireParameters(file, model);
  return { file, model };
}

async function readReplicas(
  spec: ParsedTrainSpec,
  {
    model,
    file,
    data,
    rates,
  }: { readonly model: ModelSpec; readonly file: string; readonly data: TrainData } & Pick<
    PlannedBatches,
    'rates'
  >,
  host: JobHost,
  notes: string[],
): Promise<Replica[]> {
  const datasets = await data.ofReplicas();
  const layout = stateDictLayout(model);
  const { optimizer } = spec;
  const weightsOf = (path: string) => readWeights(path, layout, spec, host, (text) => notes.push(text));
  const shared = spec.weights === undefined ? null : await weightsOf(spec.weights);
  if (spec.weights_prefix !== undefined && !shared && !spec.replicas?.some((r) => r.weights)) {
    throw new InputError('train.json', 'weights_prefix', 'there are no weights to read under it');
  }
  if (spec.weights_by_order && !shared && !spec.replicas?.some((r) => r.weights)) {
    throw new InputError('train.json', 'weights_by_order', 'there are no weights to read');
  }
  return Promise.all(
    (spec.replicas ?? [{}]).map(async (replica, r): Promise<Replica> => {
      const seedOf = (of: 'init' | 'order'): number =>
        replica[`${of}_seed`] ?? spec[`${of}_seed`] ?? deriveSeed(replica.seed ?? spec.seed, of);
      const drawn = (): StateValues =>
        new Map([...initialStateDict(model, seedOf('init'))].map(([name, { data }]) => [name, data]));
      return {
        seed: seedOf('order'),
        dataSeed: data.seeds[r]!,
        dataset: datasets[r] && fitDataset(datasets[r], model, file).dataset,
        settings: optimizerSettings(optimizer, replica),
        rates: rates(replica.lr ?? optimizer.lr),
        weights: replica.weights ? await weightsOf(replica.weights) : (shared ?? drawn()),
      };
    }),
  );
}
