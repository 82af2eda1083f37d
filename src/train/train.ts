import { fitDataset } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { requireGpu } from '../gpu/requireGpu.ts';
import { RunKernels } from '../gpu/runKernels.ts';
import { InputError } from '../host/inputError.ts';
import { smallestUnit } from '../measure/instrument.ts';
import { requireMeasurable } from '../measure/instruments.ts';
import { requireBatches } from '../nn/batchNorm.ts';
import { givenWeights } from '../nn/givenWeights.ts';
import { initialStateDict } from '../nn/init.ts';
import { modelFrom } from '../nn/modelFrom.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { StateValues } from '../nn/stateDict.ts';
import { cycleWarning } from '../optim/cycleWarning.ts';
import { deriveSeed } from '../random/deriveSeed.ts';
import { augmentationOf } from './augmentationOf.ts';
import { type CheckedSettings, checkSettings, SETTINGS } from './checkSettings.ts';
import { drawnData } from './drawnData.ts';
import { requireLrSearch } from './lrSearch.ts';
import { neverDueWarning } from './neverDueWarning.ts';
import { givenOptimizer, optimizerRule, optimizerSettings } from './optimizerOf.ts';
import { type RunNames, requireFits } from './requireFits.ts';
import { requireSameContents, requireSameJob } from './requireSameRun.ts';
import { runContents } from './runContents.ts';
import { possibleBatchSizes, type RunShape } from './runParts.ts';
import { descriptionOf, replicasOf, runShapeOf } from './runShapeOf.ts';
import { readSnapshot } from './snapshot.ts';
import { augmentationWarning } from './stepSampling.ts';
import { timeConstants } from './timeConstants.ts';
import { type Training, trainingOf } from './training.ts';
import { type TrainingOptions, TrainingRun } from './trainingRun.ts';
import type { TrainSettings } from './trainSettings.ts';

/**
 * Trains a model by torch.optim's SGD, Adam or AdamW, all replicas of a grid in one program. Each has the bits that it would have alone.
 * @example
 * const run = await train(gpu, { model: nn.sequential(nn.linear(784, 128), nn.relu(), nn.linear(128, 10)), data, steps: 2000,
 *   batchSize: 64, grid: { lr: [0.03, 0.1], seed: [0, 1, 2] }, noiseScaleEvery: 10 });
 * for await (const reading of run.readings()) plot(reading.settings.lr, reading.step, reading.loss);
 * const at = await run.point({ lr: 0.1, seed: 0 });
 * @throws InputError naming the setting, if one cannot be meant, model and data do not fit each other, the adapter cannot hold the
 *   run, or `resume` is damaged, of other settings or data, or of another version: before anything is made
 */
export async function train(device: Gpu, given: TrainSettings): Promise<Training> {
  requireGpu('train', device);
  const settings = checkSettings(given);
  const model = modelFrom('model', settings.model, settings.loss);
  const replicas = replicasOf(settings);
  const dataSeeds = replicas.map(({ seed, dataSeed }) => dataSeed ?? deriveSeed(seed, 'data'));
  const data = drawnData(settings.data, settings, dataSeeds);
  const { dataset, shapes } = fitDataset(data.first, model, 'model');
  const weights = settings.weights && givenWeights(model, { ...settings, weights: settings.weights });
  const { rates, ...planned } = runShapeOf(settings, replicas, dataset.examples);
  const shape: RunShape = {
    model,
    dataset,
    own: data.own,
    augmentation: settings.augment && augmentationOf(SETTINGS, settings.augment, data.first.exampleShape),
    ...planned,
  };
  const { steps, batches, averaging, instruments = [], bnBatchSize = batches.at(-1)!.batchSize } = shape;
  requireMeasurable(SETTINGS, instruments, { dataset, model });
  requireBatches('model', model, shapes, {
    batchSizes: possibleBatchSizes(shape),
    measures: smallestUnit(instruments),
    measuresKey: settings.noiseScaleEvery ? 'smallBatch' : 'small_batch',
    passes: averaging ? { examples: dataset.examples, batchSize: bnBatchSize } : null,
  });
  const earlier = settings.resume && (await readSnapshot('resume', settings.resume, device.info));
  const job = descriptionOf(settings, model);
  // Data that were moved are the same data, and those that were changed under their name are not: see their contents.
  if (earlier) requireSameJob(earlier, job, ({ data: _, ...others }) => others);
  const kernels = new RunKernels(device, earlier?.kernels);
  const gpu: Gpu = { ...device, kernels };
  const optimizer = givenOptimizer(settings);
  if (settings.lrSearch) {
    const searched = { model, optimizer: optimizerRule(optimizer), schedule: settings.schedule, steps };
    const keys = { search: 'lrSearch', after: 'lrSearch.after', schedule: 'schedule' };
    requireLrSearch(
      settings.lrSearch,
      searched,
      (key, reason) => new InputError(SETTINGS, keys[key], reason),
    );
  }
  const bytes = await requireFits(gpu, shape, replicas.length, namesIn(settings));
  const { schedule } = settings;
  const datasets = data.ofReplicas();
  const options: TrainingOptions = {
    ...shape,
    replicas: replicas.map(({ lr, seed, initSeed, orderSeed, momentum, weightDecay }, r) => ({
      seed: orderSeed ?? deriveSeed(seed, 'order'),
      dataSeed: dataSeeds[r]!,
      dataset: datasets[r] && fitDataset(datasets[r], model, 'model').dataset,
      settings: optimizerSettings(optimizer, { momentum, weight_decay: weightDecay }),
      rates: rates(lr),
      weights: weights ?? drawn(model, initSeed ?? deriveSeed(seed, 'init')),
    })),
  };
  if (earlier) requireSameContents(earlier, await runContents(options), job);
  const run = await TrainingRun.open(gpu, options);
  try {
    if (earlier) run.restore('resume', earlier);
    const ruled = settings.batchSchedule && !Array.isArray(settings.batchSchedule);
    const ofReplicas = options.replicas.map((replica) => replica.settings);
    const warnings = [
      cycleWarning(averaging, schedule, steps),
      augmentationWarning(options),
      neverDueWarning(instruments, steps),
    ];
    const notes = [
      ...(ruled ? timeConstants(possibleBatchSizes(shape), ofReplicas, averaging) : []),
      ...warnings.flatMap((warning) => warning ?? []),
    ];
    const identity = { job, kernels: kernels.record, warnings: earlier?.warnings ?? [] };
    return trainingOf(run, { replicas, data: data.first, device, bytes, notes, identity });
  } catch (error) {
    run.dispose();
    throw error;
  }
}

function drawn(model: ModelSpec, seed: number): StateValues {
  return new Map([...initialStateDict(model, seed)].map(([name, { data }]) => [name, data]));
}

/** What the parts of a run are called in its settings. */
function namesIn({ steps, batchSchedule, grid, subset }: CheckedSettings): RunNames {
  return {
    file: SETTINGS,
    steps: steps === undefined ? 'epochs' : 'steps',
    batchSize: Array.isArray(batchSchedule) ? 'batchSchedule' : 'batchSize',
    largestBatch: batchSchedule && !Array.isArray(batchSchedule) ? 'batchSchedule.maxBatchSize' : undefined,
    bnBatchSize: 'averaging.bnBatchSize',
    replicas: grid ? 'grid' : 'zip',
    data: subset === undefined ? 'data' : 'subset',
    model: 'model',
  };
}
