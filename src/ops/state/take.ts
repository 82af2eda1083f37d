import kernel from '../../../shaders/structure/take.wgsl';
import type { State } from '../../gpu/state.ts';
import { showShape } from '../../host/showShape.ts';
import { type Graph, size, type Tensor } from '../graph.ts';
import { apply, expectCounters, expectState, type Op } from '../op.ts';
import { linearGrid } from '../plans/linearGrid.ts';

const takeOp: Op = {
  name: 'take',
  reads: ({ of, counters }) => [of, counters],
  vjp: () => [],
  jvp: () => [null],
  lower: ({ outputs: [y], attributes }, to) => {
    const of: State = attributes.of;
    const elements = size(y!.shape);
    const width = size(y!.shape.slice(1));
    to.dispatch(
      { source: kernel, params: { elements, width, all: of.elements }, grid: linearGrid(elements) },
      { x: of, y: y!, counters: attributes.counters as State },
    );
  },
};

/**
 * What belongs to the examples of a batch, [B, …], out of that of all examples, [N, …], from the cursor on: around the end of
 * the N rows, as batches are taken.
 * @throws if the state has no rows, or fewer than the batch, or is not of float32
 */
export function take(graph: Graph, of: State, batch: number, counters: State): Tensor {
  expectCounters('take', counters);
  expectState('take', 'the state', of, { dtype: 'f32', shape: of.shape });
  const [rows = 0, ...row] = of.shape;
  if (!(batch <= rows)) throw new Error(`take: ${batch} rows of ${of.label} ${showShape(of.shape)}`);
  return apply(takeOp, [], { graph, of, counters }, { shape: [batch, ...row] });
}
