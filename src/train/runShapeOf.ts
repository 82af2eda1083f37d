import { InputError } from '../host/inputError.ts';
import { noiseScaleInstrument } from '../measure/gradient/noiseScaleInstrument.ts';
import type { Instrument } from '../measure/instrument.ts';
import { instrumentFrom, requireDifferent } from '../measure/instruments.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { captureCount } from '../optim/captureSteps.ts';
import type { BatchFrom } from './batchSizes.ts';
import { type CheckedSettings, SETTINGS } from './checkSettings.ts';
import { adamSettings, givenOptimizer, optimizerRule, replicaDefaults } from './optimizerOf.ts';
import { type PlannedBatches, planBatches } from './planBatches.ts';
import { type ReplicaKey, type ReplicaSettings, replicaGrid } from './replicaGrid.ts';
import { MOST_STEPS, type RunShape } from './runParts.ts';
import { smallBatchesOf } from './smallBatches.ts';

/**
 * The replicas that the settings describe.
 * @throws InputError naming the key
 */
export function replicasOf(settings: CheckedSettings): ReplicaSettings[] {
  const { lr, momentum, weightDecay, seed, initSeed, orderSeed, dataSeed, grid, zip, schedule } = settings;
  const given = { lr, momentum, weightDecay, seed, initSeed, orderSeed, dataSeed, grid, zip };
  const ofTable = schedule.type === 'table' ? { lr: schedule.values[0] ?? 0 } : {};
  const replicas = replicaGrid(SETTINGS, given, { ...replicaDefaults(settings), ...ofTable });
  if (settings.nesterov && (settings.dampening !== 0 || replicas.some(({ momentum = 0 }) => momentum <= 0))) {
    const reason = 'needs a momentum above 0 in every replica and no dampening, as in torch.optim.SGD';
    throw refuse('nesterov', reason);
  }
  return replicas;
}

/**
 * The run that the settings describe, but for its model, its data and its replicas.
 * @param replicas which the settings describe
 * @param examples N, which epochs are counted by
 * @returns also the rates of a replica, by its ε at the start
 * @throws InputError naming the key
 */
export function runShapeOf(
  settings: CheckedSettings,
  replicas: readonly ReplicaSettings[],
  examples: number,
): Omit<RunShape, 'model' | 'dataset'> & Pick<PlannedBatches, 'rates'> {
  const { averaging } = settings;
  const { steps, batches, batchControl, rates } = batchesOf(settings, replicas, examples);
  if (averaging && captureCount(averaging, steps) === 0) {
    const reason = `is ${averaging.start} and the run has ${steps} steps, so nothing would be averaged`;
    throw refuse('averaging.start', reason);
  }
  return {
    steps,
    batches,
    batchControl,
    lrSearch: settings.lrSearch,
    rates,
    sampling: settings.order,
    optimizer: optimizerRule(givenOptimizer(settings)),
    averaging,
    bnBatchSize: averaging?.bnBatchSize,
    bnOrder: averaging?.bnOrder,
    instruments: instrumentsOf(settings),
  };
}

function batchesOf(
  settings: CheckedSettings,
  replicas: readonly ReplicaSettings[],
  examples: number,
): PlannedBatches {
  const {
    batchSize,
    batchSchedule,
    steps,
    epochs,
    schedule: lrSchedule,
    grid,
    noiseScaleEvery,
    instruments,
    augment,
    order,
  } = settings;
  const asked = {
    // What is checked has the one or a table that begins at step 0.
    batchSize: batchSize ?? (batchSchedule as readonly BatchFrom[])[0]!.batchSize,
    schedule: batchSchedule,
    steps,
    epochs,
    lrSchedule,
    lrs: replicas.map(({ lr }) => lr),
    augmentedWithoutReplacement: augment !== undefined && order !== 'iid',
    smallBatches: smallBatchesOf(['smallBatch', settings.smallBatch], instruments),
    measuresNoise: noiseScaleEvery !== undefined || instruments.some(({ type }) => type === 'noise_scale'),
  };
  return planBatches(asked, examples, {
    schedule: 'batchSchedule',
    least: 'minBatchSize',
    most: 'maxBatchSize',
    noise: "noiseScaleEvery or an instrument 'noise_scale'",
    requireSteps: (count) => requireSteps(settings, count),
    lr: () => (grid?.lr ? 'grid.lr' : 'zip.lr'),
    refuse,
  });
}

function requireSteps({ schedule }: CheckedSettings, steps: number): void {
  if (steps > MOST_STEPS) throw refuse('epochs', `come to ${steps} steps, expected at most ${MOST_STEPS}`);
  if (schedule.type === 'table' && schedule.values.length < steps) {
    const reason = `has ${schedule.values.length} rates, expected at least ${steps}, one a step`;
    throw refuse('schedule.values', reason);
  }
}

/** @throws InputError for what is no instrument, or two of a type */
function instrumentsOf(settings: CheckedSettings): readonly Instrument[] {
  const { noiseScaleEvery: every, smallBatch = 1, gradientTests: tests = false, instruments } = settings;
  const noise = every ? [noiseScaleInstrument({ smallBatch, tests, layers: true }, { every })] : [];
  const others = instruments.map((given, i) => instrumentFrom(SETTINGS, `instruments.${i}`, given));
  return requireDifferent(SETTINGS, [...noise, ...others]);
}

/**
 * What tells a run from another one, for its snapshots: a value of JSON, its defaults filled in. The data and the initial weights
 * are told apart by their contents (`runContents`), and what is said of them here is for messages.
 */
export function descriptionOf(
  settings: CheckedSettings,
  model: ModelSpec,
): Readonly<Record<string, unknown>> {
  const {
    data,
    loss: _,
    resume: __,
    weights,
    weightsPrefix: ___,
    weightsByOrder: ____,
    grid,
    zip,
    noiseScaleEvery,
    smallBatch = 1,
    gradientTests = false,
    ...rest
  } = settings;
  const listed = { ...grid, ...zip };
  const unlisted = Object.entries(replicaDefaults(settings)).filter(
    ([key]) => listed[key as ReplicaKey] === undefined,
  );
  const common = unlisted.map(([key, value]) => [key, settings[key as ReplicaKey] ?? value]);
  const noise = noiseScaleEvery === undefined ? {} : { noiseScaleEvery, smallBatch, gradientTests };
  return {
    ...rest,
    model,
    ...Object.fromEntries(common),
    grid,
    zip,
    ...noise,
    ...(settings.optimizer === 'sgd' ? {} : adamSettings(settings)),
    data: data.name,
    weights: weights && 'given',
  };
}

function refuse(key: string, reason: string): InputError {
  return new InputError(SETTINGS, key, reason);
}
