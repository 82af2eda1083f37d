import { perExample } from '../../autograd/perExample.ts';
import type { Gpu } from '../../gpu/device.ts';
import { add } from '../../ops/add.ts';
import { normSq } from '../../ops/dot.ts';
import { fill } from '../../ops/fill.ts';
import { pack } from '../../ops/flat.ts';
import type { Tensor } from '../../ops/graph.ts';
import { reshape } from '../../ops/reshape.ts';
import { measureOver } from '../measureOver.ts';
import type { Point } from '../pass.ts';
import type { Quantity } from '../quantity.ts';
import type { Gathered, GatheredMoments, TracedBatch } from '../tracedBatch.ts';

/** First and second moments of the per-example gradients over a data set. Host memory; flat vectors are [P]. */
export interface GradientMoments {
  /** [N], of examples also where a unit is a ghost batch. */
  readonly perExampleLoss: Float32Array;
  readonly perExampleGradNormSq: Float32Array;
  /** ḡ */
  readonly mean: Float32Array;
  /** Σₙ (gₙ − ḡ)² of every coordinate. */
  readonly centredSquares: Float32Array;
}

/** Gathers the moments of the gradients of a batch's units, and |gᵤ|² of each. */
export function gatherMoments(batch: TracedBatch): GatheredMoments & { readonly normSq: Gathered } {
  const { graph, layout, units, unitSize, gathering, parameters } = batch;
  const cotangents = batch.cotangents(batch.weigh(fill(graph, 1, [units])));
  if (unitSize > 1) {
    const gradient = pack(layout, [...batch.whole(cotangents)]);
    return {
      ...gathering.moments('gradient', gradient, fill(graph, 0, gradient.shape)),
      normSq: gathering.rows('|g|²', reshape(normSq(gradient), [1]), 'units'),
    };
  }
  const moments = perExample(cotangents, parameters).map((each) => each.moments());
  const packed = (of: 'gradient' | 'centredSquares'): Tensor =>
    pack(
      layout,
      moments.map((m) => m[of]),
    );
  return {
    ...gathering.moments('gradient', packed('gradient'), packed('centredSquares')),
    normSq: gathering.rows('|g|²', moments.map((m) => m.normSq).reduce(add), 'units'),
  };
}

/**
 * Mean gradient, per-coordinate centred squares, per-example losses and gradient norms, with nothing of size N × P. gₙ is the
 * gradient of example n's own loss; with ghost batches, of unit n's mean loss.
 */
export const moments: Quantity<GradientMoments> = {
  trace(batch) {
    const { mean, centredSquares, normSq: each } = gatherMoments(batch);
    const losses = batch.gathering.rows('losses', batch.losses, 'examples');
    return {
      values: (graph) => ({
        losses: losses.in(graph),
        normSq: each.in(graph),
        mean: mean.in(graph),
        centredSquares: centredSquares.in(graph),
      }),
    };
  },
  read: ({ losses, normSq: each, mean, centredSquares }) => ({
    perExampleLoss: losses as Float32Array,
    perExampleGradNormSq: each as Float32Array,
    mean: mean as Float32Array,
    centredSquares: centredSquares as Float32Array,
  }),
};

/**
 * The moments over a data set.
 * @throws RangeError for parameters of several replicas
 */
export async function gradientMoments(gpu: Gpu, point: Point): Promise<GradientMoments> {
  return (await measureOver(gpu, point, { moments })).moments;
}
