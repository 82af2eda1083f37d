import type { Quantity } from '../quantity.ts';

/** Each example's loss, [N], in the point's order. */
export const losses: Quantity<Float32Array> = {
  trace(batch) {
    const found = batch.gathering.rows('losses', batch.losses, 'examples');
    return { values: (graph) => ({ losses: found.in(graph) }) };
  },
  read: ({ losses: found }) => found as Float32Array,
};

/** Numbers of every example, row-major on the host: shape [N, …]. */
export interface ExampleRows {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The model's answer to each example, in the point's order. */
export function outputs(): Quantity<ExampleRows> {
  let row: readonly number[] = [];
  return {
    trace(batch) {
      row = batch.outputs.shape.slice(1);
      const found = batch.gathering.rows('outputs', batch.outputs, 'examples');
      return { values: (graph) => ({ outputs: found.in(graph) }) };
    },
    read: ({ outputs: data }, { examples }) => ({ shape: [examples, ...row], data: data as Float32Array }),
  };
}
