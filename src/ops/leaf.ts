import type { State } from '../gpu/state.ts';
import type { Graph, Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';

const readOp = defineOp({
  name: 'read',
  vjp: () => [],
  jvp: () => [null],
});

/** A state as an operand: its value when the kernel that takes it runs. Nothing is copied. */
export function read(graph: Graph, state: State): Tensor {
  return apply(
    readOp,
    [],
    { graph, state },
    { shape: state.shape, dtype: state.dtype, replicated: state.replicated },
  );
}

/** The state that a tensor is a view of, or null. */
export function stateOf(tensor: Tensor): State | null {
  const { op, inputs, attributes } = tensor.node;
  if (op === readOp) return attributes.state as State;
  return op.view ? stateOf(inputs[0]!) : null;
}
