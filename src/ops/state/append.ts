import kernel from '../../../shaders/structure/append.wgsl';
import type { State } from '../../gpu/state.ts';
import { showShape } from '../../host/showShape.ts';
import { size, type Tensor } from '../graph.ts';
import { applyAll, expectCounters, expectState, type Op } from '../op.ts';
import { linearGrid } from '../plans/linearGrid.ts';

const appendOp: Op = {
  name: 'append',
  reads: ({ counters }) => [counters],
  writes: ({ to }) => [to],
  lower: ({ inputs: [x], attributes }, lowering) => {
    const to: State = attributes.to;
    const elements = size(x!.shape);
    const width = size(x!.shape.slice(1));
    lowering.dispatch(
      { source: kernel, params: { elements, width, all: to.elements }, grid: linearGrid(elements) },
      { x: x!, y: to, counters: attributes.counters as State },
    );
  },
};

/**
 * Writes what belongs to the examples of a batch, [B, …], into that of all examples, [N, …], from the cursor on: around the end
 * of the N rows, as batches are taken.
 * @throws if the state has not rows of the batch's elements, or fewer rows than the batch, or is of another type
 */
export function append(to: State, x: Tensor, counters: State): void {
  expectCounters('append', counters);
  expectState('append', 'the state', to, { dtype: 'f32', shape: to.shape });
  const [rows = 0] = to.shape;
  const [batch = 0] = x.shape;
  if (size(to.shape.slice(1)) !== size(x.shape.slice(1)) || batch < 1 || batch > rows) {
    throw new Error(`append: rows of ${showShape(x.shape)} do not fit ${to.label} ${showShape(to.shape)}`);
  }
  applyAll(appendOp, [x], { to, counters }, []);
}
