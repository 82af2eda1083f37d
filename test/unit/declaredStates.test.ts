import { beforeAll, expect, test } from 'vitest';
import { everyTrial } from '../../src/bench/everyTrial.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph, type Node, size, type Tensor } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { emulatedGpu } from '../../src/selftest/emulatedGpu.ts';
import { GPU_CONSTANTS } from './gpuConstants.ts';

beforeAll(() => {
  Object.assign(globalThis, GPU_CONSTANTS);
});

/** Every state in an attribute, however deep it lies. */
function statesIn(value: unknown): State[] {
  if (value instanceof State) return [value];
  if (value === null || typeof value !== 'object' || value instanceof Graph) return [];
  return Object.values(value).flatMap(statesIn);
}

function declared({ op, attributes }: Node): readonly State[] {
  return [
    ...(op.reads?.(attributes) ?? []),
    ...(op.writes?.(attributes) ?? []),
    ...(op.alias ? [op.alias(attributes)] : []),
  ];
}

test('every op says which states among its attributes it reads and writes', () => {
  const { gpu } = emulatedGpu();
  const withStates = new Set<string>();
  // The self-test has a trial of every kernel, so of every op that takes a state.
  const trials = Object.values(everyTrial).flatMap((family) => family());
  const small = trials.filter(({ operands }) =>
    Object.values(operands).every(({ shape }) => size(shape) < 2000),
  );
  for (const { operands, replicas, trace } of small) {
    const graph = new Graph();
    const states: Record<string, State> = {};
    const tensors: Record<string, Tensor> = {};
    for (const [label, { shape, values, shared }] of Object.entries(operands)) {
      const dtype = values(0) instanceof Uint32Array ? 'u32' : 'f32';
      states[label] = new State(gpu, { label, shape, dtype, replicas: shared ? undefined : replicas });
      tensors[label] = read(graph, states[label]);
    }
    trace(tensors, states, graph);
    for (const node of graph.nodes) {
      const found = statesIn(node.attributes);
      if (found.length > 0) withStates.add(node.op.name);
      expect(new Set(declared(node)), node.op.name).toEqual(new Set(found));
    }
  }
  expect([...withStates].sort()).toEqual([
    'accumulate',
    'adam',
    'advance',
    'append',
    'augment',
    'average',
    'capture',
    'captureMean',
    'convHistogram',
    'dropout',
    'gather',
    'histogram',
    'mergeMoments',
    'perceptronStep',
    'randomSigns',
    'read',
    'record',
    'restart',
    'runningStatistics',
    'sampleIndices',
    'sgd',
    'subspaceColumns',
    'subspaceExpand',
    'subspaceProject',
    'swag',
    'take',
    'unitVector',
  ]);
});
