import type { State } from '../../gpu/state.ts';
import { size, type Tensor } from '../graph.ts';
import { applyAll, defineOp } from '../op.ts';
import { kindOf } from './kindOf.ts';

/** Marker for the compiler: the operand's kernel writes into the state, or a copy does. */
export const storeOp = defineOp({ name: 'store', writes: ({ state }) => [state], takes: ['any'] });

/**
 * state ← x, when the program has come to this point. The way by which results leave a program.
 * @throws if the elements or the replicas do not fit.
 */
export function store(state: State, x: Tensor): void {
  if (size(x.shape) !== state.elements || x.dtype !== state.dtype || (x.replicated && !state.replicated)) {
    throw new Error(`store: ${state.label} is ${kindOf(state)}, found ${kindOf(x)}`);
  }
  applyAll(storeOp, [x], { state }, []);
}
