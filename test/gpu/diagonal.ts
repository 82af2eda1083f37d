import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { submitAhead } from '../../src/gpu/submitAhead.ts';
import type { LinearOperator } from '../../src/measure/operator.ts';
import { flatLayout } from '../../src/ops/flat.ts';
import { Graph } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { multiply } from '../../src/ops/multiply.ts';
import { store } from '../../src/ops/store.ts';
import { testGpu } from './device.ts';

/** diag(values), over tensors of these sizes. */
export async function diagonal(
  sizes: readonly number[],
  values: readonly number[],
): Promise<{ operator: LinearOperator; dispose(): void }> {
  const gpu = await testGpu();
  const layout = flatLayout(sizes.map((extent, i) => ({ name: `${i}`, shape: [extent] })));
  const state = (label: string): State => new State(gpu, { label, shape: [layout.length] });
  const [matrix, direction, product] = [state('diagonal'), state('direction'), state('product')];
  const flat = new Float32Array(layout.length);
  let next = 0;
  for (const { offset, elements } of layout.entries) {
    for (let i = 0; i < elements; i++) flat[offset + i] = values[next++]!;
  }
  matrix.write(flat);
  const arena = new Arena(gpu);
  const graph = new Graph();
  store(product, multiply(read(graph, matrix), read(graph, direction)));
  const program = await compile(gpu, graph, { label: 'diagonal', replicas: 1, arena });
  const operator: LinearOperator = {
    layout,
    directions: [direction],
    products: [product],
    apply: (then = []) => submitAhead(gpu, [program, ...then]),
  };
  const dispose = (): void => {
    program.dispose();
    arena.dispose();
    for (const each of [matrix, direction, product]) each.dispose();
  };
  return { operator, dispose };
}
