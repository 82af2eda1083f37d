import kernel from '../../../shaders/training/advance.wgsl';
import type { State } from '../../gpu/state.ts';
import type { Graph } from '../graph.ts';
import { applyAll, expectCounters, type Op } from '../op.ts';

const advanceOp: Op = {
  name: 'advance',
  writes: ({ counters }) => [counters],
  lower: ({ attributes: { counters, steps, examples, batch } }, to) => {
    to.dispatch(
      { source: kernel, params: { steps, batch, examples }, grid: [1, 1] },
      { counters: counters as State },
    );
  },
};

/**
 * Step by 1, cursor by the batch, around the end of so many examples. The last thing in a step.
 * @param steps by how much the step goes on, where replicas take turns at what the steps count
 * @throws if the state is no counters, or the batch, the examples or the steps are no positive integers
 */
export function advance(graph: Graph, counters: State, batch: number, examples: number, steps = 1): void {
  expectCounters('advance', counters);
  for (const [what, value] of Object.entries({ batch, examples, steps })) {
    if (!(Number.isInteger(value) && value > 0))
      throw new Error(`advance: ${what} is ${value}, expected a positive integer`);
  }
  applyAll(advanceOp, [], { graph, counters, steps, batch, examples }, []);
}
