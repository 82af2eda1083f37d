import { type Dataset, fitDataset } from '../data/dataset.ts';
import { loadDataset } from '../data/loadDataset.ts';
import { orderTable } from '../data/order.ts';
import { readSafetensors } from '../data/safetensors.ts';
import type { Gpu } from '../gpu/device.ts';
import { requireBatches } from '../nn/batchNorm.ts';
import { requireSupported } from '../nn/forward.ts';
import { initialStateDict } from '../nn/init.ts';
import { InputError } from '../nn/inputError.ts';
import { type ModelSpec, parseModel, stateDictLayout } from '../nn/modelSpec.ts';
import { loadStateDict, type StateValues } from '../nn/stateDict.ts';
import { type Averaging, captures } from '../optim/average.ts';
import { learningRates } from '../optim/schedule.ts';
import type { JobHost } from './jobEvent.ts';
import { type RunNames, requireFits } from './requireFits.ts';
import type { RunShape } from './runParts.ts';
import type { Replica, TrainingOptions } from './trainingRun.ts';
import { DEFAULT_BATCH_SIZE, isOrderFile, type ParsedTrainSpec } from './trainSpec.ts';

/**
 * Reads the files that a run's description names and turns it into what the run takes.
 * @param gpu whose limits the run is held against, before its weights and tables are made
 * @throws InputError for input that is refused, before anything runs
 */
export async function planRun(spec: ParsedTrainSpec, host: JobHost, gpu: Gpu): Promise<TrainingOptions> {
  const loaded = await loadDataset(spec.data, host);
  const { file, model } = await readModel(spec.model, loaded, host);
  const { dataset, shapes } = fitDataset(loaded, model, file);
  requireSupported(file, model, shapes);

  const batchSize = spec.batch_size ?? spec.batch_schedule?.[0]?.batch_size ?? DEFAULT_BATCH_SIZE;
  const batches = (spec.batch_schedule ?? []).map((b) => ({
    fromStep: b.from_step,
    batchSize: b.batch_size,
  }));
  if (batches[0]?.fromStep !== 0) batches.unshift({ fromStep: 0, batchSize });
  const steps = spec.steps ?? stepsOf(spec.epochs ?? 1, dataset.examples, batches);
  const averaging = averagingOf(spec, steps);
  const bnBatchSize = spec.averaging?.bn_batch_size ?? batches.at(-1)!.batchSize;
  requireBatches(file, model, shapes, {
    batchSizes: batches.map((batch) => batch.batchSize),
    measures: spec.measure?.small_batch ?? false,
    passes: averaging ? { examples: dataset.examples, batchSize: bnBatchSize } : null,
  });
  const shape: RunShape = {
    model,
    dataset,
    steps,
    batches,
    sampling: isOrderFile(spec.order) ? 'order' : (spec.order as 'shuffle' | 'iid' | 'sequential'),
    averaging,
    bnBatchSize,
    measureEvery: spec.measure?.every,
    smallBatch: spec.measure?.small_batch,
    gradientTests: spec.measure?.tests,
  };
  await requireFits(gpu, shape, spec.replicas?.length ?? 1, namesIn(spec));

  return {
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
    recordEvery: spec.record_every,
    replicas: await readReplicas(spec, model, steps, host),
  };
}

/** What the parts of a run are called in its description. */
function namesIn({ steps, batch_schedule }: ParsedTrainSpec): RunNames {
  return {
    file: 'train.json',
    steps: steps === undefined ? 'epochs' : 'steps',
    batchSize: batch_schedule ? 'batch_schedule' : 'batch_size',
    bnBatchSize: 'averaging.bn_batch_size',
    replicas: 'replicas',
    data: 'data',
    model: 'model',
  };
}

function averagingOf({ averaging }: ParsedTrainSpec, steps: number): Averaging | undefined {
  if (!averaging) return undefined;
  const schedule = { start: Math.max(1, averaging.start), every: averaging.every };
  if (!hasCaptured(schedule, steps)) {
    const reason = `starts at step ${schedule.start}, the run has ${steps} steps, so nothing would be averaged`;
    throw new InputError('train.json', 'averaging.start', reason);
  }
  return averaging.type === 'swa'
    ? { kind: 'swa', ...schedule }
    : { kind: 'ema', ...schedule, decay: averaging.decay };
}

/** Whether a run of so many steps has captured anything. */
export function hasCaptured(averaging: Pick<Averaging, 'start' | 'every'>, steps: number): boolean {
  return steps >= averaging.start && captures(averaging, averaging.start);
}

async function readModel(
  given: ParsedTrainSpec['model'],
  dataset: Dataset,
  host: JobHost,
): Promise<{ file: string; model: ModelSpec }> {
  if (typeof given === 'string') return { file: given, model: parseModel(given, await host.read(given)) };
  const file = 'train.json model';
  if (!('hidden' in given)) return { file, model: parseModel(file, given) };
  const { hidden, activation } = given as { hidden: number[]; activation: string };
  const { targets, exampleShape } = dataset;
  const inputs = exampleShape.reduce((product, extent) => product * extent, 1);
  const outputs = targets.kind === 'classes' ? Math.max(2, targets.classes) : targets.width;
  const widths = [inputs, ...hidden, outputs];
  const layers = widths
    .slice(1)
    .flatMap((out_features, i) => [
      ...(i > 0 ? [{ type: activation }] : []),
      { type: 'Linear', in_features: widths[i], out_features },
    ]);
  const loss = targets.kind === 'classes' ? 'cross_entropy' : 'mse';
  return { file, model: parseModel(file, { layers, loss }) };
}

/** E epochs are as many steps as it takes to draw E·N examples. */
function stepsOf(
  epochs: number,
  examples: number,
  batches: readonly { fromStep: number; batchSize: number }[],
): number {
  const wanted = epochs * examples;
  let steps = 0;
  let drawn = 0;
  for (const [i, { batchSize }] of batches.entries()) {
    const until = batches[i + 1]?.fromStep ?? Number.POSITIVE_INFINITY;
    const needed = Math.ceil((wanted - drawn) / batchSize - 1e-9);
    const taken = Math.min(needed, until - steps);
    steps += taken;
    drawn += taken * batchSize;
    if (drawn >= wanted) break;
  }
  return steps;
}

async function readReplicas(
  spec: ParsedTrainSpec,
  model: ModelSpec,
  steps: number,
  host: JobHost,
): Promise<Replica[]> {
  const layout = stateDictLayout(model);
  const { optimizer, lr_schedule } = spec;
  const readWeights = async (path: string): Promise<StateValues> =>
    loadStateDict(path, readSafetensors(path, await host.read(path)), layout, {
      prefix: spec.weights_prefix,
    });
  const shared = spec.weights === undefined ? null : await readWeights(spec.weights);
  if (spec.weights_prefix !== undefined && !shared && !spec.replicas?.some((r) => r.weights)) {
    throw new InputError('train.json', 'weights_prefix', 'there are no weights to read under it');
  }
  return Promise.all(
    (spec.replicas ?? [{}]).map(async (replica): Promise<Replica> => {
      const seed = replica.seed ?? spec.seed;
      const drawn = (): StateValues =>
        new Map([...initialStateDict(model, seed)].map(([name, { data }]) => [name, data]));
      return {
        seed,
        settings: {
          momentum: replica.momentum ?? optimizer.momentum,
          dampening: optimizer.dampening,
          weightDecay: replica.weight_decay ?? optimizer.weight_decay,
          nesterov: optimizer.nesterov,
        },
        rates: ratesOf(lr_schedule, replica.lr ?? optimizer.lr, steps),
        weights: replica.weights ? await readWeights(replica.weights) : (shared ?? drawn()),
      };
    }),
  );
}

function ratesOf(schedule: ParsedTrainSpec['lr_schedule'], lr: number, steps: number): Float32Array {
  try {
    return learningRates(schedule, lr, steps);
  } catch (error) {
    if (error instanceof RangeError) throw new InputError('train.json', 'lr_schedule.values', error.message);
    throw error;
  }
}
