import kernel from '../../../shaders/training/advance.wgsl';
import type { State } from '../../gpu/state.ts';
import type { Graph } from '../graph.ts';
import { applyAll, expectCounters, type Op } from '../op.ts';

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

/**
 * Step by 1, cursor by the batch, around the end of so many examples. The last thing in a step.
 * @throws if the state is no counters, or the batch or the examples are no positive integers
 */
export function advance(graph: Graph, counters: State, batch: number, examples: number): void {
  expectCounters('advance', counters);
  for (const [what, value] of Object.entries({ batch, examples })) {
    if (!(Number.isInteger(value) && value > 0))
      throw new Error(`advance: ${what} is ${value}, expected a positive integer`);
  }
  applyAll(advanceOp, [], { graph, counters, batch, examples }, []);
}
