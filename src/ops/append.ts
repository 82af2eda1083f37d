import kernel from '../../shaders/structure/append.wgsl';
import type { State } from '../gpu/state.ts';
import type { Tensor } from './graph.ts';
import { applyAll, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

const appendOp: Op = {
  name: 'append',
  writes: ({ to }) => [to],
  lower: ({ inputs: [x], attributes }, lowering) => {
    const elements = x!.shape[0]!;
    lowering.dispatch(
      { source: kernel, params: { elements }, grid: linearGrid(elements) },
      { x: x!, y: attributes.to as State, counters: attributes.counters as State },
    );
  },
};

/** Writes a batch's numbers [B] into those of all examples [N], where the cursor stands. */
export function append(to: State, x: Tensor, counters: State): void {
  applyAll(appendOp, [x], { to, counters }, []);
}
