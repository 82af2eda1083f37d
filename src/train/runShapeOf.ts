import { InputError } from '../host/inputError.ts';
import { noiseScaleInstrument } from '../measure/gradient/noiseScaleInstrument.ts';
import type { Instrument } from '../measure/instrument.ts';
import { instrumentFrom, requireDifferent } from '../measure/instruments.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { captureCount } from '../optim/captureSteps.ts';
import { type CheckedSettings, SETTINGS } from './checkSettings.ts';
import { epochSteps } from './epochSteps.ts';
import { adamSettings, optimizerRule, replicaDefaults } from './optimizerOf.ts';
import { type ReplicaKey, type ReplicaSettings, replicaGrid } from './replicaGrid.ts';
import { MOST_STEPS, type RunShape } from './runParts.ts';

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
 * @param examples N, which epochs are counted by
 * @throws InputError naming the key
 */
export function runShapeOf(settings: CheckedSettings, examples: number): Omit<RunShape, 'model' | 'dataset'> {
  const { batchSize, batchSchedule = [], schedule, averaging } = settings;
  const batches = batchSize === undefined ? batchSchedule : [{ fromStep: 0, batchSize }, ...batchSchedule];
  const steps = settings.steps ?? epochSteps(settings.epochs!, examples, batches);
  if (steps > MOST_STEPS) throw refuse('epochs', `come to ${steps} steps, expected at most ${MOST_STEPS}`);
  if (schedule.type === 'table' && schedule.values.length < steps) {
    const reason = `has ${schedule.values.length} rates, expected at least ${steps}, one a step`;
    throw refuse('schedule.values', reason);
  }
  if (averaging && captureCount(averaging, steps) === 0) {
    const reason = `is ${averaging.start} and the run has ${steps} steps, so nothing would be averaged`;
    throw refuse('averaging.start', reason);
  }
  for (const [key, small] of smallBatches(settings)) {
    const odd = batches.find(({ batchSize: B }) => small > 1 && (B % small !== 0 || B === small));
    if (odd) throw refuse(key, `is ${small}, expected a divisor of the batch size ${odd.batchSize} below it`);
  }
  return {
    steps,
    batches,
    sampling: settings.order,
    optimizer: optimizerRule(settings),
    averaging,
    bnBatchSize: averaging?.bnBatchSize,
    bnOrder: averaging?.bnOrder,
    instruments: instrumentsOf(settings),
  };
}

/** The sizes of the units that statistics are of, by the keys that give them. */
function smallBatches({
  smallBatch,
  instruments,
}: CheckedSettings): readonly (readonly [key: string, size: number])[] {
  const given = instruments.map(
    ({ small_batch: size }, i) => [`instruments.${i}.small_batch`, size] as const,
  );
  return [['smallBatch', smallBatch] as const, ...given].flatMap(([key, size]) =>
    typeof size === 'number' ? [[key, size] as const] : [],
  );
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
