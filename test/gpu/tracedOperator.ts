import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import type { Program } from '../../src/gpu/program.ts';
import { State } from '../../src/gpu/state.ts';
import { submitAhead } from '../../src/gpu/submitAhead.ts';
import type { LinearOperator } from '../../src/measure/curvature/operator.ts';
import type { FormOperator } from '../../src/measure/curvature/quadraticForms.ts';
import { dot } from '../../src/ops/dot.ts';
import type { FlatLayout } from '../../src/ops/flat.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { store } from '../../src/ops/state/store.ts';
import { testGpu } from './device.ts';

/**
 * An operator of one direction whose product, and form, is traced.
 * @param matrix what the product is made of; disposed with the operator
 */
export async function tracedOperator(
  layout: FlatLayout,
  matrix: State,
  product: (matrix: Tensor, direction: Tensor) => Tensor,
): Promise<{ operator: LinearOperator & FormOperator; dispose(): void }> {
  const gpu = await testGpu();
  const state = (label: string, shape: readonly number[]): State =>
    new State(gpu, { label, shape, replicas: 1 });
  const [directions, products] = [state('direction', [layout.length]), state('product', [layout.length])];
  const forms = state('form', []);
  const arena = new Arena(gpu);
  const graph = new Graph();
  const direction = read(graph, directions);
  const made = product(read(graph, matrix), direction);
  store(products, made);
  store(forms, dot(direction, made));
  const program = await compile(gpu, graph, { label: 'product', replicas: 1, arena });
  const operator = {
    layout,
    directions,
    products,
    forms,
    apply: (then: readonly Program[] = []) => submitAhead(gpu, [program, ...then]),
  };
  const dispose = (): void => {
    for (const made of [program, arena, matrix, directions, products, forms]) made.dispose();
  };
  return { operator, dispose };
}
