import { type Dataset, fitDataset } from '../data/dataset.ts';
import { impliedClasses } from '../data/impliedClasses.ts';
import { loadDataset } from '../data/loadDataset.ts';
import type { Gpu } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import { initialStateDict } from '../nn/init.ts';
import { type ModelSpec, parseModel } from '../nn/modelSpec.ts';
import { TrainingRun } from '../train/trainingRun.ts';
import type { CellEvent } from './experiment.ts';
import type { Axes } from './figure.ts';

/** The run that an experiment takes its snapshots from: a perceptron with one hidden layer, and the data it fits. */
export interface Trunk {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
}

/** @throws InputError for a data set that cannot be read */
export async function perceptronTrunk(data: string, hidden: number, host: ByteSource): Promise<Trunk> {
  const loaded = await loadDataset(data, host);
  const { targets, exampleShape } = loaded;
  const inputs = exampleShape.reduce((product, extent) => product * extent, 1);
  const outputs = targets.kind === 'classes' ? impliedClasses(loaded).classes : targets.width;
  const model = parseModel('model', {
    layers: [
      { type: 'Linear', in_features: inputs, out_features: hidden },
      { type: 'ReLU' },
      { type: 'Linear', in_features: hidden, out_features: outputs },
    ],
    loss: targets.kind === 'classes' ? 'cross_entropy' : 'mse',
  });
  return { model, dataset: fitDataset(loaded, model, 'model').dataset };
}

/** Points of a trunk's loss curve, at the most. */
const LOSSES = 200;

/** Opens the trunk's run: plain SGD at a constant rate over shuffled epochs, seeded initial weights. */
export function openTrunk(
  gpu: Gpu,
  { model, dataset }: Trunk,
  {
    steps,
    batchSize,
    lr,
    seed,
  }: { readonly steps: number; readonly batchSize: number; readonly lr: number; readonly seed: number },
): Promise<TrainingRun> {
  const initial = initialStateDict(model, seed);
  return TrainingRun.open(gpu, {
    model,
    dataset,
    steps,
    batches: [{ fromStep: 0, batchSize }],
    sampling: 'shuffle',
    recordEvery: Math.ceil(steps / LOSSES),
    replicas: [
      {
        seed,
        settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
        rates: new Float32Array(steps).fill(lr),
        weights: new Map([...initial].map(([name, { data }]) => [name, data])),
      },
    ],
  });
}

/** The chart of what `trainTrunk` tells. */
export const TRUNK_LOSS = {
  'Loss of the trunk’s mini-batches': { x: { label: 'step' }, y: { label: 'loss', log: true } },
} as const satisfies Readonly<Record<string, Axes>>;

/**
 * Takes all steps of a trunk's run; yields how far it is, and its losses as points of a curve.
 * @throws Error where it diverges
 */
export async function* trainTrunk(run: TrainingRun, curve: string): AsyncGenerator<CellEvent, void, void> {
  const total = run.options.steps;
  const [chart] = Object.keys(TRUNK_LOSS) as [keyof typeof TRUNK_LOSS];
  for await (const readings of run.steps()) {
    for (const { step, loss } of readings) yield { type: 'series', chart, curve, x: step, y: loss };
    yield { type: 'progress', done: run.submitted, total, unit: 'steps' };
  }
  if (run.stopped) throw new Error(`${curve}: its training diverged by step ${run.submitted}`);
}
