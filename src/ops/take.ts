import kernel from '../../shaders/structure/take.wgsl';
import type { State } from '../gpu/state.ts';
import { type Graph, size, type Tensor } from './graph.ts';
import { apply, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

const takeOp: Op = {
  name: 'take',
  vjp: () => [],
  jvp: () => [null],
  lower: ({ outputs: [y], attributes }, to) => {
    const elements = size(y!.shape);
    const width = size(y!.shape.slice(1));
    to.dispatch(
      { source: kernel, params: { elements, width }, grid: linearGrid(elements) },
      { x: attributes.of as State, y: y!, counters: attributes.counters as State },
    );
  },
};

/** What belongs to the examples of a batch, [B, …], out of that of all examples, [N, …], where the cursor stands. */
export function take(graph: Graph, of: State, batch: number, counters: State): Tensor {
  const type = { shape: [batch, ...of.shape.slice(1)], replicated: of.replicated || counters.replicated };
  return apply(takeOp, [], { graph, of, counters }, type);
}
