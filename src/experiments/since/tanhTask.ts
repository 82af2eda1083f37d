import { withDataOptions } from '../../data/dataOptions.ts';
import { type Dataset, fitDataset } from '../../data/dataset.ts';
import type { ByteSource } from '../../host/byteSource.ts';
import { initialStateDict } from '../../nn/init.ts';
import { type ModelSpec, parseModel } from '../../nn/modelSpec.ts';
import type { StateValues } from '../../nn/stateDict.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import type { Replica } from '../../train/trainingRun.ts';
import { classData } from '../classData.ts';

/** What a unit of replication trains: all of it follows from its seed. */
export interface TanhTask {
  readonly model: ModelSpec;
  /** Its own subset, the classes as unit vectors. */
  readonly train: Dataset;
  readonly start: StateValues;
}

/** Plain SGD. */
export const PLAIN_SGD: Replica['settings'] = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false };

/**
 * A smooth network under a loss whose curvature does not vanish as it is fitted: two hidden layers of tanh, mean squared error against the
 * classes' unit vectors (Cohen et al. 2021). Subset and initial weights are drawn by the unit's seed.
 * @throws InputError for data that cannot be read, are too few or have no classes
 */
export async function tanhTask(
  {
    data,
    examples,
    hidden,
    unit,
  }: { readonly data: string; readonly examples: number; readonly hidden: number; readonly unit: number },
  host: ByteSource,
): Promise<TanhTask> {
  const { dataset: all, inputs, classes } = await classData(data, host);
  const { test: _, ...drawn } = withDataOptions(all, {
    subset: examples,
    dataSeed: deriveSeed(unit, 'data'),
  });
  const { labels } = drawn.targets as Extract<Dataset['targets'], { kind: 'classes' }>;
  const y = new Float32Array(examples * classes);
  for (const [n, label] of labels.entries()) y[n * classes + label] = 1;
  const model = parseModel('model', {
    layers: [
      { type: 'Linear', in_features: inputs, out_features: hidden },
      { type: 'Tanh' },
      { type: 'Linear', in_features: hidden, out_features: hidden },
      { type: 'Tanh' },
      { type: 'Linear', in_features: hidden, out_features: classes },
    ],
    loss: 'mse',
  });
  const unitVectors: Dataset = { ...drawn, targets: { kind: 'values', y, width: classes } };
  const initial = initialStateDict(model, deriveSeed(unit, 'init'));
  return {
    model,
    train: fitDataset(unitVectors, model, 'model').dataset,
    start: new Map([...initial].map(([name, { data: values }]) => [name, values])),
  };
}
