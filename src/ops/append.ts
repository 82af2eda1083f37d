import kernel from '../../shaders/structure/append.wgsl';
import type { State } from '../gpu/state.ts';
import { showShape, size, type Tensor } from './graph.ts';
import { applyAll, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

const appendOp: Op = {
  name: 'append',
  writes: ({ to }) => [to],
  lower: ({ inputs: [x], attributes }, lowering) => {
    const elements = size(x!.shape);
    const width = size(x!.shape.slice(1));
    lowering.dispatch(
      { source: kernel, params: { elements, width }, grid: linearGrid(elements) },
      { x: x!, y: attributes.to as State, counters: attributes.counters as State },
    );
  },
};

/**
 * Writes what belongs to the examples of a batch, [B, …], into that of all examples, [N, …], where the cursor stands.
 * @throws if the state's rows have not the elements of the batch's
 */
export function append(to: State, x: Tensor, counters: State): void {
  if (size(to.shape.slice(1)) !== size(x.shape.slice(1))) {
    throw new Error(`append: rows of ${showShape(x.shape)} do not fit ${to.label} ${showShape(to.shape)}`);
  }
  applyAll(appendOp, [x], { to, counters }, []);
}
