import kernel from '../../shaders/training/advance.wgsl';
import type { State } from '../gpu/state.ts';
import type { Graph } from './graph.ts';
import { applyAll, type Op } from './op.ts';

const advanceOp: Op = {
  name: 'advance',
  writes: ({ counters }) => [counters],
  lower: ({ attributes: { counters, examples, batch } }, to) => {
    to.dispatch(
      { source: kernel, params: { batch, examples }, grid: [1, 1] },
      { counters: counters as State },
    );
  },
};

/** Step by 1, cursor by the batch, for counters that the replicas share. The last thing in a step. */
export function advance(graph: Graph, counters: State, batch: number, examples: number): void {
  applyAll(advanceOp, [], { graph, counters, batch, examples }, []);
}
