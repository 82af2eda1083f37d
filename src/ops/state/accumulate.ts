import kernel from '../../../shaders/structure/accumulate.wgsl';
import type { State } from '../../gpu/state.ts';
import { size, stateOf, type Tensor } from '../graph.ts';
import { applyAll, type Op } from '../op.ts';
import { linearGrid } from '../plans/linearGrid.ts';
import { kindOf } from './kindOf.ts';

const accumulateOp: Op = {
  name: 'accumulate',
  writes: ({ state }) => [state],
  lower: ({ inputs: [x], attributes: { state } }, to) => {
    const elements = size(x!.shape);
    to.dispatch(
      { source: kernel, params: { elements }, grid: linearGrid(Math.ceil(elements / 4)) },
      { x: x!, y: state as State },
    );
  },
};

/**
 * state ← state + x, in place: one dispatch where `store` of a sum takes an addition and a copy. The same bits.
 * @throws if the elements, the type or the replicas do not fit, or x is the state itself, which no kernel may read where it writes
 */
export function accumulate(state: State, x: Tensor): void {
  const fits = size(x.shape) === state.elements && (state.replicated || !x.replicated);
  if (!fits || state.dtype !== 'f32' || stateOf(x) === state) {
    throw new Error(
      `accumulate: ${state.label} is ${kindOf(state)}, found ${stateOf(x) === state ? 'itself' : kindOf(x)}`,
    );
  }
  applyAll(accumulateOp, [x], { state }, []);
}
