import { expect, test } from 'vitest';
import { compile, kernelTarget } from '../../src/autograd/compile.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { instrumentFrom } from '../../src/measure/instruments.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { conv2dWeightGradient } from '../../src/ops/conv2dWeightGradient.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { convWeightNorms } from '../../src/ops/perExample/convNorms.ts';
import { planConvGradientAndNorms } from '../../src/ops/plans/convMomentsPlan.ts';
import { type ConvShape, convShape, planConvWeightGradient } from '../../src/ops/plans/convPlan.ts';
import { store } from '../../src/ops/state/store.ts';
import { type Window2d, window2d } from '../../src/ops/window2d.ts';
import { TrainingRun } from '../../src/train/trainingRun.ts';
import { testGpu } from './device.ts';
import { evaluate, randomValues } from './trace.ts';

const of = (x: readonly number[], dy: readonly number[], window: Window2d): ConvShape =>
  convShape(x, dy, window);
const FIVES = window2d('test', [5, 5], { stride: [2, 2], padding: [2, 2] });
const THREES = window2d('test', [3, 3], { padding: [1, 1] });
const NARROW = window2d('test', [3, 1], {});

/** x, dy and window: of one kernel for both; the last ones of many channels and few positions, and of small images. */
const CASES: readonly (readonly [string, readonly number[], readonly number[], Window2d, boolean])[] = [
  ['two convolutions of 5 × 5', [65, 8, 14, 14], [65, 24, 7, 7], FIVES, true],
  ['one channel', [127, 1, 28, 28], [127, 8, 14, 14], FIVES, true],
  ['ragged tiles', [33, 7, 13, 9], [33, 19, 13, 9], THREES, true],
  ['a column', [65, 5, 33, 17], [65, 11, 31, 17], NARROW, true],
  ['few positions', [64, 33, 3, 3], [64, 65, 3, 3], THREES, false],
  ['no more images than blocks', [3, 8, 65, 65], [3, 8, 65, 65], THREES, false],
  ['few products', [33, 1, 5, 5], [33, 3, 5, 5], THREES, false],
];

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

test.for(CASES)(
  'beside the norms of its examples a weight gradient has the bits that it has alone: %s',
  async ([, xs, ds, window, isOne]) => {
    const operands = [xs, ds].map((shape, i) => ({
      shape,
      values: [1, 2].map((replica) => randomValues(size(shape), 2 * replica + i)),
    }));
    const both = (x: Tensor, dy: Tensor): Tensor[] => [
      convWeightNorms(x, dy, window),
      conv2dWeightGradient(x, dy, window),
    ];
    const [norms, gradient] = await evaluate(operands, ([x, dy]) => both(x!, dy!), 2);
    const [alone] = await evaluate(operands, ([x, dy]) => [conv2dWeightGradient(x!, dy!, window)], 2);
    const [normsAlone] = await evaluate(operands, ([x, dy]) => [convWeightNorms(x!, dy!, window)], 2);
    expect(gradient).toEqual(alone);
    // Sums of the same squares, whose gradients may be summed in other steps.
    norms!.forEach((each, r) => {
      each.forEach((norm, n) => {
        expect(Math.abs(norm / normsAlone![r]![n]! - 1)).toBeLessThan(1e-5);
      });
    });

    const gpu = await testGpu();
    const [graph, arena] = [new Graph(), new Arena(gpu)];
    const states = [xs, ds, [xs[0]!], gradientShape(xs, ds, window)].map(
      (shape, i) => new State(gpu, { label: `state ${i}`, shape }),
    );
    const [x, dy] = states.map((state) => read(graph, state));
    const results = both(x!, dy!);
    results.forEach((tensor, i) => {
      store(states[2 + i]!, tensor);
    });
    using program = await compile(gpu, graph, { label: 'both', replicas: 1, arena });
    const kernels = program.dispatches.map(({ kernel }) => kernel);
    expect(kernels.filter((kernel) => kernel.startsWith('conv/')).length).toBe(isOne ? 0 : 1);
    expect(kernels.filter((kernel) => /^(moments|perExample)\//.test(kernel)).length).toBe(1);
    for (const disposable of [arena, ...states]) disposable.dispose();
  },
);

function gradientShape(x: readonly number[], dy: readonly number[], window: Window2d): number[] {
  return [dy[1]!, x[1]!, window.kernelHeight, window.kernelWidth];
}

test('one kernel gives both where its blocks are of whole units, and only where quads compute', async () => {
  const cpu = kernelTarget(await testGpu());
  const gpu = { ...cpu, kind: 'gpu' as const };
  for (const [name, x, dy, window, isOne] of CASES) {
    const shape = of(x, dy, window);
    expect(planConvGradientAndNorms(shape, 1, cpu) !== null, name).toBe(isOne);
    expect(planConvGradientAndNorms(shape, 1, gpu), name).toBeNull();
  }
  // Eight blocks of 16 images, of 14 rows each.
  const shape = of([128, 1, 28, 28], [128, 8, 14, 14], FIVES);
  expect(planConvWeightGradient(shape, cpu).call.params).toMatchObject({ blocks: 8, rowsPerBlock: 16 * 14 });
  expect(planConvGradientAndNorms(shape, 16, cpu)?.call.params.unitsPerBlock).toBe(1);
  expect(planConvGradientAndNorms(shape, 32, cpu)).toBeNull();
});

test('a run of convolutions has the bits that it has without its noise scale', async () => {
  const model = parseModel('m', {
    layers: [
      { type: 'Conv2d', in_channels: 1, out_channels: 8, kernel_size: 5, stride: 2, padding: 2 },
      { type: 'ReLU' },
      { type: 'Conv2d', in_channels: 8, out_channels: 12, kernel_size: 3, padding: 1 },
      { type: 'ReLU' },
      { type: 'Flatten' },
      { type: 'Linear', in_features: 2352, out_features: 3 },
    ],
    loss: 'cross_entropy',
  });
  const data = syntheticDataset('gaussian-clusters?examples=150&classes=3&dims=784&seed=3');
  const steps = 3;
  const trained = async (given: readonly object[]) => {
    using run = await TrainingRun.open(await testGpu(), {
      model,
      dataset: { ...data, exampleShape: [1, 28, 28] },
      steps,
      batches: [{ fromStep: 0, batchSize: 65 }],
      sampling: 'shuffle',
      instruments: given.map((one) => instrumentFrom('test', 'noise_scale', { ...one })),
      replicas: [1, 2].map((seed) => ({
        seed,
        settings: { momentum: 0.5, dampening: 0, weightDecay: 0, nesterov: false },
        rates: new Float32Array(steps).fill(0.1),
        weights: new Map([...initialStateDict(model, seed)].map(([key, tensor]) => [key, tensor.data])),
      })),
    });
    for await (const _ of run.steps()) {
      // Readings are not what this is about.
    }
    const step = run.programs.reduce((a, b) => (b.dispatches.length > a.dispatches.length ? b : a));
    const kernels = step.dispatches.map(({ kernel }) => kernel);
    return { weights: await Promise.all([0, 1].map((r) => run.theta.read(r))), kernels };
  };
  const plain = await trained([]);
  const watched = await trained([{ type: 'noise_scale', tests: true, every: 1 }]);
  expect(watched.weights).toEqual(plain.weights);
  const count = (kernels: readonly string[], start: string) =>
    kernels.filter((kernel) => kernel.startsWith(start)).length;
  expect(count(plain.kernels, 'conv/conv2dWeightGradient')).toBe(2);
  expect(count(watched.kernels, 'conv/conv2dWeightGradient')).toBe(0);
  expect(count(watched.kernels, 'moments/')).toBe(2);
});
