import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph } from '../../src/ops/graph.ts';
import { advance } from '../../src/ops/state/advance.ts';
import { store } from '../../src/ops/state/store.ts';
import { take } from '../../src/ops/state/take.ts';
import { testGpu } from './device.ts';

test('what a cursor takes is another value after it has moved, and the same one until then', async () => {
  const gpu = await testGpu();
  const state = (label: string, shape: number[], dtype?: 'u32'): State =>
    new State(gpu, { label, shape, dtype });
  const from = state('list', [3]);
  from.write(Float32Array.of(5, 6, 7));
  const counters = state('cursor', [3], 'u32');
  const taken = [state('first', [1]), state('second', [1]), state('again', [1])];
  const arena = new Arena(gpu);
  const graph = new Graph();
  store(taken[0]!, take(graph, from, 1, counters));
  advance(graph, counters, 1, 3);
  store(taken[1]!, take(graph, from, 1, counters));
  store(taken[2]!, take(graph, from, 1, counters));
  const program = await compile(gpu, graph, { label: 'cursor', replicas: 1, arena });
  const takes = program.dispatches.filter(({ kernel }) => kernel === 'structure/take');
  expect(takes, 'the second and the third are one').toHaveLength(2);
  program.run();
  expect((await Promise.all(taken.map((each) => each.read()))).map(([value]) => value)).toEqual([5, 6, 6]);
  for (const made of [program, arena, from, counters, ...taken]) made.dispose();
});
