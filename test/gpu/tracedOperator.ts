import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { submitAhead } from '../../src/gpu/submitAhead.ts';
import type { LinearOperator } from '../../src/measure/curvature/operator.ts';
import type { FlatLayout } from '../../src/ops/flat.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { store } from '../../src/ops/state/store.ts';
import { testGpu } from './device.ts';

/**
 * An operator of one direction whose product is traced.
 * @param matrix what the product is made of; disposed with the operator
 */
export async function tracedOperator(
  layout: FlatLayout,
  matrix: State,
  product: (matrix: Tensor, direction: Tensor) => Tensor,
): Promise<{ operator: LinearOperator; dispose(): void }> {
  const gpu = await testGpu();
  const [from, to] = ['direction', 'product'].map(
    (label) => new State(gpu, { label, shape: [layout.length] }),
  ) as [State, State];
  const arena = new Arena(gpu);
  const graph = new Graph();
  store(to, product(read(graph, matrix), read(graph, from)));
  const program = await compile(gpu, graph, { label: 'product', replicas: 1, arena });
  const operator: LinearOperator = {
    layout,
    directions: [from],
    products: [to],
    apply: (then = []) => submitAhead(gpu, [program, ...then]),
  };
  const dispose = (): void => {
    for (const made of [program, arena, matrix, from, to]) made.dispose();
  };
  return { operator, dispose };
}
