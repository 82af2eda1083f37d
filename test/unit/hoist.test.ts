import { beforeAll, expect, test } from 'vitest';
import { hoist } from '../../src/autograd/hoist.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { multiply } from '../../src/ops/multiply.ts';
import { scale } from '../../src/ops/scale.ts';
import { accumulate } from '../../src/ops/state/accumulate.ts';
import { advance } from '../../src/ops/state/advance.ts';
import { store } from '../../src/ops/state/store.ts';
import { take } from '../../src/ops/state/take.ts';
import { tanh } from '../../src/ops/tanh.ts';
import { emulatedGpu } from '../../src/selftest/emulatedGpu.ts';
import { GPU_CONSTANTS } from './gpuConstants.ts';

beforeAll(() => {
  Object.assign(globalThis, GPU_CONSTANTS);
});

function states() {
  const { gpu } = emulatedGpu();
  const state = (label: string, ...shape: number[]): State => new State(gpu, { label, shape });
  const counters = new State(gpu, { label: 'counters', shape: [3], dtype: 'u32' });
  return { theta: state('θ', 4), v: state('v', 4), product: state('Hv', 4), counters, state };
}

const ops = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op.name);

test('what depends on no varying state runs once, and the rest takes it from where it was kept', () => {
  const { theta, v, product, counters, state } = states();
  const graph = new Graph();
  const y = tanh(read(graph, theta));
  store(product, scale(multiply(y, read(graph, v)), 3));
  advance(graph, counters, 1, 4);
  const hoisted = hoist(graph, [v, product]);
  expect(hoisted.kept).toEqual([y]);
  expect(hoisted.takes).toEqual([theta]);
  const { invariant, varying } = hoisted.split([state('kept', 4)]);
  expect(ops(invariant)).toEqual(['read', 'tanh', 'store', 'advance']);
  expect(ops(varying)).toEqual(['read', 'read', 'multiply', 'scale', 'store']);
});

test('a state that the varying part writes makes vary what takes it, and so does a cursor that moves', () => {
  const { theta, v, product, counters, state } = states();
  const [moved, rows] = [state('moved', 4), state('rows', 3, 4)];
  const graph = new Graph();
  store(moved, read(graph, v));
  accumulate(product, multiply(tanh(read(graph, moved)), tanh(read(graph, theta))));
  accumulate(rows, take(graph, rows, 3, counters));
  advance(graph, counters, 1, 3);
  const { kept, takes, split } = hoist(graph, [v, product, rows]);
  expect(kept.map(({ node }) => node.op.name)).toEqual(['tanh']);
  expect(takes).toEqual([theta]);
  const { invariant, varying } = split([state('kept', 4)]);
  expect(ops(invariant)).toEqual(['read', 'tanh', 'store']);
  expect(ops(varying)).toEqual(expect.arrayContaining(['tanh', 'take', 'advance']));
});
