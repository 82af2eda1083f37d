import type { Quantity } from '../quantity.ts';

/** The loss and its gradient at a point. */
export interface LossGradient {
  /** [N], in the point's order. */
  readonly losses: Float32Array;
  /** Of the mean over all units, flat [P]. */
  readonly gradient: Float32Array;
}

/** Each example's loss, and the gradient of the mean loss: what several measurements begin with, and have once. */
export const lossGradient: Quantity<LossGradient> = {
  trace(batch) {
    const losses = batch.gathering.rows('losses', batch.losses, 'examples');
    const gradient = batch.gathering.sum('gradient', batch.gradient(batch.meanWeights));
    return { values: (graph) => ({ losses: losses.in(graph), gradient: gradient.in(graph) }) };
  },
  read: ({ losses, gradient }) => ({
    losses: losses as Float32Array,
    gradient: gradient as Float32Array,
  }),
};
