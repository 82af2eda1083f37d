import type { Quantity } from '../quantity.ts';

/** Each example's loss, [N], in the point's order. */
export const losses: Quantity<Float32Array> = {
  trace(batch) {
    const found = batch.gathering.rows('losses', batch.losses, 'examples');
    return { values: (graph) => ({ losses: found.in(graph) }) };
  },
  read: ({ losses: found }) => found as Float32Array,
};
