import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { submitAhead } from '../../src/gpu/submitAhead.ts';
import type { LinearOperator } from '../../src/measure/operator.ts';
import { dots } from '../../src/ops/dots.ts';
import { flatLayout } from '../../src/ops/flat.ts';
import { Graph } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { store } from '../../src/ops/store.ts';
import { testGpu } from './device.ts';

/** A symmetric matrix, given by its rows. */
export async function denseOperator(
  matrix: readonly ArrayLike<number>[],
): Promise<{ operator: LinearOperator; dispose(): void }> {
  const gpu = await testGpu();
  const layout = flatLayout([{ name: '0', shape: [matrix.length] }]);
  const { length } = layout;
  const rows = new State(gpu, { label: 'matrix', shape: [length, length] });
  const flat = new Float32Array(length * length);
  matrix.forEach((row, i) => {
    flat.set(row, i * length);
  });
  rows.write(flat);
  const [direction, product] = ['direction', 'product'].map(
    (label) => new State(gpu, { label, shape: [length] }),
  ) as [State, State];
  const arena = new Arena(gpu);
  const graph = new Graph();
  store(product, dots(read(graph, rows), read(graph, direction)));
  const program = await compile(gpu, graph, { label: 'matrix', replicas: 1, arena });
  const operator: LinearOperator = {
    layout,
    directions: [direction],
    products: [product],
    apply: (then = []) => submitAhead(gpu, [program, ...then]),
  };
  const dispose = (): void => {
    for (const made of [program, arena, rows, direction, product]) made.dispose();
  };
  return { operator, dispose };
}
