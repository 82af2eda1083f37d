import kernel from '../../shaders/structure/unitVector.wgsl';
import type { State } from '../gpu/state.ts';
import { type Graph, size, type Tensor } from './graph.ts';
import { apply, expectCounters, expectState, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

/** A list of coordinates, and where the cursor stands in it. */
export interface Places {
  /** [count] u32 */
  readonly places: State;
  /** Step, epoch and offset: [3] u32; the offset is the cursor. */
  readonly counters: State;
}

const unitVectorOp: Op = {
  name: 'unitVector',
  reads: ({ along: { places, counters } }) => [places, counters],
  vjp: () => [],
  jvp: () => [null],
  lower: ({ outputs: [y], attributes }, to) => {
    const { places, counters }: Places = attributes.along;
    const elements = size(y!.shape);
    to.dispatch(
      {
        source: kernel,
        params: { elements, count: places.elements },
        grid: linearGrid(elements),
      },
      { places, y: y!, counters },
    );
  },
};

/**
 * The unit vector [elements] along the coordinate at which the cursor stands; zeros past the last one, so that vectors of a group
 * that is not full are harmless.
 */
export function unitVector(graph: Graph, along: Places, elements: number): Tensor {
  expectCounters('unitVector', along.counters);
  expectState('unitVector', 'the places', along.places, { dtype: 'u32', shape: ['any'] });
  return apply(unitVectorOp, [], { graph, along }, { shape: [elements] });
}
