import { expect, test } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import type { Program } from '../../src/gpu/program.ts';
import { instrumentFrom } from '../../src/measure/instruments.ts';
import { sharesForward } from '../../src/measure/sharesForward.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { TrainingRun } from '../../src/train/trainingRun.ts';
import { testGpu } from './device.ts';
import { dense } from './randomPoint.ts';

const IMAGE = [1, 6, 6] as const;
const conv = (channels: number, out: number) => ({
  type: 'Conv2d',
  in_channels: channels,
  out_channels: out,
  kernel_size: 3,
  padding: 1,
});
/** Two of each layer, so that one is neither the first nor the last. */
const twice = (layer: object) => [dense(36, 9), layer, dense(9, 7), layer, dense(7, 3)];
const images = (layer: object, features: number) => [
  conv(1, 3),
  layer,
  conv(3, 4),
  { type: 'ReLU' },
  { type: 'Flatten' },
  dense(features, 3),
];
const flat = (layers: readonly object[]) => [{ type: 'Flatten' }, ...layers];

const MODELS: Readonly<Record<string, readonly object[]>> = {
  'no hidden layer': flat([dense(36, 3)]),
  ReLU: flat(twice({ type: 'ReLU' })),
  Tanh: flat(twice({ type: 'Tanh' })),
  Sigmoid: flat(twice({ type: 'Sigmoid' })),
  GELU: flat(twice({ type: 'GELU' })),
  LayerNorm: flat([dense(36, 9), { type: 'LayerNorm', normalized_shape: 9 }, { type: 'ReLU' }, dense(9, 3)]),
  BatchNorm1d: flat([dense(36, 9), { type: 'BatchNorm1d', num_features: 9 }, { type: 'ReLU' }, dense(9, 3)]),
  Dropout: flat([dense(36, 9), { type: 'ReLU' }, { type: 'Dropout', p: 0.4 }, dense(9, 3)]),
  Conv2d: images({ type: 'Tanh' }, 144),
  MaxPool2d: images({ type: 'MaxPool2d', kernel_size: 2 }, 36),
  AvgPool2d: images({ type: 'AvgPool2d', kernel_size: 2 }, 36),
  BatchNorm2d: images({ type: 'BatchNorm2d', num_features: 3 }, 144),
};

const STEPS = 3;

/** Of each replica's weights after some steps, and the kernels of a step by name, knobs and sizes. */
async function trained(layers: readonly object[], loss: string, watched: boolean) {
  const model = parseModel('m', { layers, loss });
  const { x, examples, ...data } = syntheticDataset('gaussian-clusters?examples=60&classes=3&dims=36&seed=3');
  const targets =
    loss === 'mse'
      ? { kind: 'values' as const, y: x.slice(0, 3 * examples) as Float32Array, width: 3 }
      : data.targets;
  const given = watched ? [{ type: 'batch_sharpness', every: 1 }] : [];
  using run = await TrainingRun.open(await testGpu(), {
    model,
    dataset: { ...data, x, examples, targets, exampleShape: [...IMAGE] },
    steps: STEPS,
    batches: [{ fromStep: 0, batchSize: 20 }],
    sampling: 'shuffle',
    instruments: given.map((one) => instrumentFrom('test', one.type, { ...one })),
    replicas: [1, 2].map((seed) => ({
      seed,
      settings: { momentum: 0.5, dampening: 0, weightDecay: 0, nesterov: false },
      rates: new Float32Array(STEPS).fill(0.3),
      weights: new Map([...initialStateDict(model, seed)].map(([key, tensor]) => [key, tensor.data])),
    })),
  });
  const found: unknown[] = [];
  for await (const readings of run.steps()) for (const { found: of } of readings) found.push(...of);
  const weights = await Promise.all([0, 1].map((replica) => run.theta.read(replica)));
  const step = run.programs.reduce((a, b) => (b.dispatches.length > a.dispatches.length ? b : a));
  return { model, weights, kernels: kernelsOf(step), found };
}

/** But for the one that records readings, of which a step that is watched has more. */
function kernelsOf({ dispatches }: Program): string[] {
  return dispatches
    .filter(({ kernel }) => kernel !== 'training/record')
    .map(({ pipeline, params, grid }) => JSON.stringify([pipeline.label, params, grid]))
    .sort();
}

test.for(
  Object.entries(MODELS).flatMap(([name, layers]) =>
    ['cross_entropy', 'mse'].map((loss) => [`${name}, ${loss}`, layers, loss] as const),
  ),
)('beside batch sharpness a step keeps its kernels and its bits: %s', async ([, layers, loss]) => {
  const [plain, watched] = [await trained(layers, loss, false), await trained(layers, loss, true)];
  expect(watched.weights).toEqual(plain.weights);
  expect(watched.found).toHaveLength(2 * STEPS);
  const left = [...watched.kernels];
  for (const kernel of plain.kernels) {
    const at = left.indexOf(kernel);
    expect(at, `${kernel} is not among the kernels of the step that is watched`).toBeGreaterThan(-1);
    left.splice(at, 1);
  }
});

test('the forward pass is shared where it may be', () => {
  const shared = Object.entries(MODELS)
    .filter(([, layers]) => sharesForward(parseModel('m', { layers, loss: 'mse' })))
    .map(([name]) => name);
  expect(shared).toEqual(['no hidden layer', 'ReLU', 'Tanh', 'Sigmoid', 'Conv2d', 'MaxPool2d', 'AvgPool2d']);
});
