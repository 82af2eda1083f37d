import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { perExample } from '../../src/autograd/perExample.ts';
import { vjp } from '../../src/autograd/vjp.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { exampleLosses } from '../../src/nn/exampleLosses.ts';
import { forward, parameterLayout } from '../../src/nn/forward.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { fill } from '../../src/ops/fill.ts';
import { type FlatLayout, flatLayout, pack, unpack } from '../../src/ops/flat.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import { linear, reshape, softmaxCrossEntropy, sum, tanh } from '../../src/ops/index.ts';
import { read } from '../../src/ops/leaf.ts';
import { store } from '../../src/ops/state/store.ts';
import { testGpu } from './device.ts';

const BATCH = 64;
const dense = {
  input: [300],
  layers: [
    { type: 'Linear', in_features: 300, out_features: 40 },
    { type: 'ReLU' },
    { type: 'Linear', in_features: 40, out_features: 10 },
  ],
};
const convolutional = {
  input: [16, 8, 8],
  layers: [
    { type: 'Conv2d', in_channels: 16, out_channels: 24, kernel_size: 3, padding: 1 },
    { type: 'ReLU' },
    { type: 'Conv2d', in_channels: 24, out_channels: 32, kernel_size: 3, stride: 2, padding: 1 },
    { type: 'Flatten' },
    { type: 'Linear', in_features: 512, out_features: 10 },
  ],
};

type Leaf = (label: string, shape: readonly number[], dtype?: 'f32' | 'u32') => Tensor;
interface Traced {
  readonly layout: FlatLayout;
  readonly parameters: readonly Tensor[];
  readonly losses: Tensor;
}

const ofModel =
  ({ input, layers }: typeof dense | typeof convolutional) =>
  (leaf: Leaf): Traced => {
    const model = parseModel('model.json', { layers, loss: 'cross_entropy' });
    const layout = parameterLayout(model);
    const parameters = unpack(leaf('parameters', [layout.length]), layout);
    const outputs = forward(model, parameters, leaf('x', [BATCH, ...input]), { mode: 'train' });
    return { layout, parameters, losses: exampleLosses(model.loss, outputs, leaf('y', [BATCH], 'u32')) };
  };

/** A weight of two layers, of which the first has three rows an example. */
function usedTwice(leaf: Leaf): Traced {
  const layout = flatLayout([{ name: 'weight', shape: [200, 200] }]);
  const [w] = unpack(leaf('parameters', [layout.length]), layout) as [Tensor];
  const each = tanh(linear(leaf('x', [3 * BATCH, 200]), w, null));
  const outputs = linear(sum(reshape(each, [BATCH, 3, 200]), { from: 1, to: 2 }), w, null);
  return { layout, parameters: [w], losses: softmaxCrossEntropy(outputs, leaf('y', [BATCH], 'u32')) };
}

test.each([
  ['dense layers', ofModel(dense), true],
  ['convolutions', ofModel(convolutional), true],
  ['a weight that is used twice', usedTwice, true],
  ["dense layers with a GPU's kernels", ofModel(dense), false],
  ["convolutions with a GPU's kernels", ofModel(convolutional), false],
  ["a weight that is used twice with a GPU's kernels", usedTwice, false],
] as const)('moments of %s plan no buffer of size B × P', async (_, trace, software) => {
  const gpu = await testGpu();
  const states: State[] = [];
  const state = (label: string, shape: readonly number[], dtype: 'f32' | 'u32' = 'f32'): State => {
    const made = new State(gpu, { label, shape, dtype });
    states.push(made);
    return made;
  };
  const graph = new Graph();
  const { layout, parameters, losses } = trace((...of) => read(graph, state(...of)));
  const cotangents = vjp([[losses, fill(graph, 1, [BATCH])]], parameters);
  const moments = perExample(cotangents, parameters).map((each) => each.moments());
  for (const of of ['gradient', 'centredSquares'] as const) {
    const packed = pack(
      layout,
      moments.map((m) => m[of]),
    );
    store(state(of, [layout.length]), packed);
  }
  moments.forEach(({ normSq }, i) => {
    store(state(`norms ${i}`, [BATCH]), normSq);
  });

  // Every buffer that the program makes, in the arena or beside it.
  const made: number[] = [];
  const { createBuffer } = gpu.device;
  gpu.device.createBuffer = (descriptor) => {
    made.push(descriptor.size);
    return createBuffer.call(gpu.device, descriptor);
  };
  const arena = new Arena(gpu);
  try {
    const planned = { ...gpu, info: { ...gpu.info, software } };
    const program = await compile(planned, graph, { label: 'memory plan', replicas: 1, arena });
    program.dispose();
  } finally {
    Reflect.deleteProperty(gpu.device, 'createBuffer');
    arena.dispose();
    for (const each of states) each.dispose();
  }
  expect(made.length).toBeGreaterThan(0);
  expect(Math.max(...made)).toBeLessThanOrEqual((4 * BATCH * layout.length) / 2);
});
