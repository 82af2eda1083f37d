import { beforeAll, expect, test } from 'vitest';
import { optimise } from '../../src/autograd/compile.ts';
import { jvp } from '../../src/autograd/jvp.ts';
import { grad } from '../../src/autograd/vjp.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { maxPool2d } from '../../src/ops/maxPool2d.ts';
import { relu } from '../../src/ops/relu.ts';
import { square } from '../../src/ops/square.ts';
import { store } from '../../src/ops/state/store.ts';
import { sum } from '../../src/ops/sum.ts';
import { emulatedGpu, GPU_CONSTANTS } from './emulatedGpu.ts';

beforeAll(() => {
  Object.assign(globalThis, GPU_CONSTANTS);
});

/** The shapes of all masks of the gradient, or of its tangent, of the sum of squares of a pooled ReLU of x [2, 3, 8, 8]. */
function masksOf(stride: number, of: 'gradient' | 'tangent'): (readonly number[])[] {
  const { gpu } = emulatedGpu();
  const state = (label: string): State => new State(gpu, { label, shape: [2, 3, 8, 8] });
  const graph = new Graph();
  const x = read(graph, state('x'));
  const y = sum(square(maxPool2d(relu(x), [2, 2], { stride: [stride, stride] })));
  const result = of === 'gradient' ? grad(y, [x])[0]! : jvp([y], [[x, read(graph, state('v'))]])[0]!;
  store(new State(gpu, { label: 'result', shape: result.shape }), result);
  return optimise(graph).nodes.flatMap(({ op, outputs }) =>
    op.name === 'reluBackward' ? [outputs[0]!.shape] : [],
  );
}

test('a mask before a max pooling is taken of what it has chosen', () => {
  expect(masksOf(2, 'gradient')).toEqual([[2, 3, 4, 4]]);
  expect(masksOf(2, 'tangent')).toEqual([[2, 3, 4, 4]]);
  expect(masksOf(3, 'gradient')).toEqual([[2, 3, 3, 3]]);
});

test('but not where windows overlap, whose terms are summed before it', () => {
  expect(masksOf(1, 'gradient')).toEqual([[2, 3, 8, 8]]);
  expect(masksOf(1, 'tangent')).toEqual([[2, 3, 8, 8]]);
});
