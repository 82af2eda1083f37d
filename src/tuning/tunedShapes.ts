import type { Dataset } from '../data/dataset.ts';
import { fitDataset } from '../data/dataset.ts';
import { firstExamples } from '../data/firstExamples.ts';
import { loadDataset } from '../data/loadDataset.ts';
import { uploadExamples } from '../data/uploadExamples.ts';
import type { Gpu } from '../gpu/device.ts';
import type { KernelDemand } from '../gpu/kernelChoice.ts';
import { State } from '../gpu/state.ts';
import type { ByteSource } from '../host/byteSource.ts';
import { InputError } from '../host/inputError.ts';
import { CurvatureOperator } from '../measure/curvature/operator.ts';
import { gradientMoments } from '../measure/gradient/gradientMoments.ts';
import { noiseScaleInstrument } from '../measure/gradient/noiseScaleInstrument.ts';
import { LARGEST_MICRO_BATCH, type Point } from '../measure/pass.ts';
import { flatValues } from '../nn/flatValues.ts';
import { parameterLayout } from '../nn/forward.ts';
import { initialStateDict } from '../nn/init.ts';
import { isCoupled } from '../nn/isCoupled.ts';
import { type ModelSpec, parseModel } from '../nn/modelSpec.ts';
import { type MatmulForm, matmulDemand } from '../ops/plans/matmulPlan.ts';
import { TrainingRun } from '../train/trainingRun.ts';

/** A model and its data at one batch size: the kernels of its training step and of its measurements are tuned. */
export interface TunedCase {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  readonly batchSize: number;
}

/** What is tuned where nothing is named: the shapes that the built-in jobs take. */
export function builtinCases(): TunedCase[] {
  const perceptron: object[] = [
    { type: 'Linear', in_features: 784, out_features: 128 },
    { type: 'ReLU' },
    { type: 'Linear', in_features: 128, out_features: 10 },
  ];
  const network: object[] = [
    { type: 'Conv2d', in_channels: 1, out_channels: 8, kernel_size: 3, padding: 1 },
    { type: 'ReLU' },
    { type: 'MaxPool2d', kernel_size: 2 },
    { type: 'Conv2d', in_channels: 8, out_channels: 16, kernel_size: 3, padding: 1 },
    { type: 'ReLU' },
    { type: 'MaxPool2d', kernel_size: 2 },
    { type: 'Flatten' },
    { type: 'Linear', in_features: 784, out_features: 10 },
  ];
  const normalized: object[] = [
    { type: 'Conv2d', in_channels: 1, out_channels: 8, kernel_size: 3, padding: 1 },
    { type: 'BatchNorm2d', num_features: 8 },
    { type: 'ReLU' },
    { type: 'Flatten' },
    { type: 'Linear', in_features: 6272, out_features: 128 },
    { type: 'LayerNorm', normalized_shape: 128 },
    { type: 'ReLU' },
    { type: 'Linear', in_features: 128, out_features: 10 },
  ];
  const model = (layers: object[]): ModelSpec =>
    parseModel('built-in model', { layers, loss: 'cross_entropy' });
  return [
    { model: model(perceptron), dataset: blank([784]), batchSize: 64 },
    { model: model(perceptron), dataset: blank([784]), batchSize: 512 },
    { model: model(network), dataset: blank([1, 28, 28]), batchSize: 64 },
    { model: model(normalized), dataset: blank([1, 28, 28]), batchSize: 64 },
  ];
}

/** As many examples as a step or a pass has at once; what they hold is no matter. */
function blank(exampleShape: number[]): Dataset {
  const examples = 512;
  return {
    name: 'blank',
    x: new Uint8Array(examples * exampleShape.reduce((product, extent) => product * extent, 1)),
    exampleShape,
    targets: { kind: 'classes', labels: new Uint32Array(examples), classes: 10 },
    examples,
  };
}

/** @throws InputError for a model or data that cannot be read or do not fit. */
export async function readCase(
  { model: file, data, batchSize }: { model: string; data: string; batchSize: number },
  host: ByteSource,
): Promise<TunedCase> {
  const model = parseModel(file, await host.read(file));
  const { dataset } = fitDataset(await loadDataset(data, host), model, file);
  return {
    model,
    dataset: firstExamples(dataset, Math.min(dataset.examples, Math.max(batchSize, LARGEST_MICRO_BATCH))),
    batchSize,
  };
}

/**
 * A product's shape as it is written: `NT 64×128×784` (m×n×k), with `x` for `×` too.
 * @throws InputError
 */
export function parseShape(text: string): KernelDemand {
  const [, form, m, n, k] = /^(NN|NT|TN)[ :](\d+)[x×](\d+)[x×](\d+)$/.exec(text.trim()) ?? [];
  const [M, N, K] = [Number(m), Number(n), Number(k)];
  if (!form || !(M > 0 && N > 0 && K > 0)) {
    throw new InputError(
      'tune',
      'shapes',
      `"${text}" is no product, expected a form and m×n×k as in NT:64x128x784`,
    );
  }
  return matmulDemand({ form: form as MatmulForm, m: M, n: N, k: K });
}

/**
 * The shapes for which a training step (with and without statistics), the gradient's moments and Hessian products choose
 * among kernels: one of each bucket, the first met. The programs are compiled for it, with the planner's defaults.
 */
export async function demandsOf(gpu: Gpu, { model, dataset, batchSize }: TunedCase): Promise<KernelDemand[]> {
  const demands = new Map<string, KernelDemand>();
  const watching: Gpu = {
    ...gpu,
    kernels: {
      wanted: () => undefined,
      taken: (demand, _, candidates) => {
        const key = `${demand.family} ${demand.bucket}`;
        if (candidates.length > 1 && !demands.has(key)) demands.set(key, demand);
      },
    },
  };
  const weights = new Map([...initialStateDict(model, 0)].map(([name, { data }]) => [name, data]));
  const context = { mode: 'train' as const };
  // BatchNorm leaves no example a gradient of its own, and a pass one batch: such a model's training step is all.
  const coupled = isCoupled({ model, context });
  const run = await TrainingRun.open(watching, {
    model,
    dataset,
    steps: 1,
    batches: [{ fromStep: 0, batchSize }],
    sampling: 'sequential',
    instruments: coupled
      ? []
      : [noiseScaleInstrument({ smallBatch: 1, tests: false, layers: false }, { every: 1 })],
    replicas: [
      {
        seed: 0,
        settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
        rates: Float32Array.of(0),
        weights,
      },
    ],
  });
  run.dispose();
  if (coupled) return [...demands.values()];

  const layout = parameterLayout(model);
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  const examples = uploadExamples(gpu, dataset);
  try {
    theta.write(flatValues(layout, weights));
    const point: Point = { model, layout, theta, examples, context };
    await gradientMoments(watching, point);
    (await CurvatureOperator.open(watching, point, 1)).dispose();
  } finally {
    theta.dispose();
    examples.dispose();
  }
  return [...demands.values()];
}
