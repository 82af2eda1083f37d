import { type Dataset, fitDataset } from '../data/dataset.ts';
import { impliedClasses } from '../data/impliedClasses.ts';
import { loadDataset } from '../data/loadDataset.ts';
import type { Gpu } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import { initialStateDict } from '../nn/init.ts';
import { type ModelSpec, parseModel } from '../nn/modelSpec.ts';
import { TrainingRun } from '../train/trainingRun.ts';

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
    recordEvery: 0,
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
