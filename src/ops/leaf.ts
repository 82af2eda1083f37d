import type { State } from '../gpu/state.ts';
import type { Graph, Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';

const readOp = defineOp({
  name: 'read',
  alias: ({ state }) => state,
  vjp: () => [],
  jvp: () => [null],
});

/**
 * A state as an operand: what it holds when the program has come to this point. Nothing is copied, so it may be used until the
 * state is written; after that a use is refused, and `read` gives the new value.
 */
export function read(graph: Graph, state: State): Tensor {
  return apply(
    readOp,
    [],
    { graph, state },
    { shape: state.shape, dtype: state.dtype, replicated: state.replicated },
  );
}
