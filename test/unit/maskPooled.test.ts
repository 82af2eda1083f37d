import { beforeAll, expect, test } from 'vitest';
import { optimise } from '../../src/autograd/compile.ts';
import { grad } from '../../src/autograd/vjp.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { maxPool2d } from '../../src/ops/maxPool2d.ts';
import { relu } from '../../src/ops/relu.ts';
import { square } from '../../src/ops/square.ts';
import { store } from '../../src/ops/state/store.ts';
import { sum } from '../../src/ops/sum.ts';
import { emulatedGpu } from '../../src/selftest/emulatedGpu.ts';
import { GPU_CONSTANTS } from './gpuConstants.ts';

beforeAll(() => {
  Object.assign(globalThis, GPU_CONSTANTS);
});

/** The shapes of all masks of the gradient of the sum of squares of a pooled ReLU of x [2, 3, 8, 8]. */
function masksOf(stride: number): (readonly number[])[] {
  const { gpu } = emulatedGpu();
  const state = (label: string): State => new State(gpu, { label, shape: [2, 3, 8, 8] });
  const graph = new Graph();
  const x = read(graph, state('x'));
  const y = sum(square(maxPool2d(relu(x), [2, 2], { stride: [stride, stride] })));
  const [result] = grad(y, [x]) as [Tensor];
  store(new State(gpu, { label: 'result', shape: result.shape }), result);
  return optimise(graph).nodes.flatMap(({ op, outputs }) =>
    op.name === 'reluBackward' ? [outputs[0]!.shape] : [],
  );
}

test('a mask before a max pooling is taken of what it has chosen', () => {
  expect(masksOf(2)).toEqual([[2, 3, 4, 4]]);
  expect(masksOf(3)).toEqual([[2, 3, 3, 3]]);
});

test('but not where windows overlap, whose terms are summed before it', () => {
  expect(masksOf(1)).toEqual([[2, 3, 8, 8]]);
});
