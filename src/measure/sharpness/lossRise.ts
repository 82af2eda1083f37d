import { add } from '../../ops/add.ts';
import { read } from '../../ops/leaf.ts';
import { subtract } from '../../ops/subtract.ts';
import { meanOverUnits } from '../noise.ts';
import type { Quantity } from '../quantity.ts';

/**
 * f(θ + d) − f(θ): the mean over the examples (units) of each one's own difference, so that what is rounded is small beside the
 * difference and not beside f.
 * @param displacement d, flat [P], zero between the tensors
 */
export function lossRise(displacement: Float32Array): Quantity<number> {
  return {
    given: { displacement },
    trace(batch) {
      const { gathering, graph, layout } = batch;
      const d = read(graph, gathering.memory('displacement', { shape: [layout.length] }));
      const moved = batch.at(add(batch.theta, d));
      const rises = gathering.rows('rises', subtract(moved.losses, batch.losses), 'examples');
      return { values: (later) => ({ rises: rises.in(later) }) };
    },
    read: ({ rises }, { unitSize }) => meanOverUnits(rises as Float32Array, unitSize),
  };
}
