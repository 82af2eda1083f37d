import kernel from '../../../shaders/moments/merge.wgsl';
import type { State } from '../../gpu/state.ts';
import type { Tensor } from '../graph.ts';
import { applyAll, expectCounters, expectShape, expectState, type Op } from '../op.ts';
import { linearGrid } from '../plans/linearGrid.ts';

/** Moments of all examples so far. */
export interface MomentState {
  /** Mean gradient, flat [P]. */
  readonly mean: State;
  /** Σₙ (gₙ − ḡ)² of every coordinate, flat [P]. */
  readonly centredSquares: State;
  /** Step, epoch and offset: the offset is the examples before this batch. */
  readonly counters: State;
}

const mergeOp: Op = {
  name: 'mergeMoments',
  reads: ({ into }) => [into.counters],
  writes: ({ into }) => [into.mean, into.centredSquares],
  lower: ({ inputs: [batchMean, batchSquares], attributes }, to) => {
    const { mean, centredSquares, counters }: MomentState = attributes.into;
    const { elements } = mean;
    to.dispatch(
      { source: kernel, params: { elements, batch: attributes.batch }, grid: linearGrid(elements) },
      { mean, squares: centredSquares, batchMean: batchMean!, batchSquares: batchSquares!, counters },
    );
  },
};

/**
 * Takes a batch's moments into those of the examples before it (Chan, Golub & LeVeque 1979), so that how a pass over
 * the data is split changes rounding only.
 * @throws if the shapes do not fit
 */
export function mergeMoments(into: MomentState, mean: Tensor, centredSquares: Tensor, batch: number): void {
  expectCounters('mergeMoments', into.counters);
  const { shape } = into.mean;
  for (const [what, tensor] of Object.entries({ mean, centredSquares })) {
    expectShape('mergeMoments', what, tensor.shape, shape);
  }
  expectState('mergeMoments', 'the mean', into.mean, { dtype: 'f32', shape });
  expectState('mergeMoments', 'the squares', into.centredSquares, { dtype: 'f32', shape });
  applyAll(mergeOp, [mean, centredSquares], { into, batch }, []);
}
