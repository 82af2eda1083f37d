import kernel from '../../shaders/structure/take.wgsl';
import type { State } from '../gpu/state.ts';
import type { Graph, Tensor } from './graph.ts';
import { apply, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

const takeOp: Op = {
  name: 'take',
  vjp: () => [],
  jvp: () => [null],
  lower: ({ outputs: [y], attributes }, to) => {
    const elements = y!.shape[0]!;
    to.dispatch(
      { source: kernel, params: { elements }, grid: linearGrid(elements) },
      { x: attributes.of as State, y: y!, counters: attributes.counters as State },
    );
  },
};

/** A batch's numbers [B] out of those of all examples [N], where the cursor stands. */
export function take(graph: Graph, of: State, batch: number, counters: State): Tensor {
  const type = { shape: [batch], replicated: of.replicated || counters.replicated };
  return apply(takeOp, [], { graph, of, counters }, type);
}
