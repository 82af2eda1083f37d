import { broadcastRows } from '../broadcast.ts';
import { fill } from '../fill.ts';
import type { Tensor } from '../graph.ts';
import { reshape } from '../reshape.ts';
import { scale } from '../scale.ts';
import { square } from '../square.ts';
import { subtract } from '../subtract.ts';
import { rowSum, sum, sumRows } from '../sum.ts';
import { histogram } from './histogram.ts';
import type { PerExampleGradient } from './perExampleGradient.ts';

/**
 * Gradients that are small enough to be formed, as those of biases and of normalisation layers: gₙ is row n of `each` [B, P].
 * Centred in two passes; nothing is shifted.
 * @param shape the parameter's, of P elements
 */
export function rowGradients(each: Tensor, shape: readonly number[]): PerExampleGradient {
  const [batch, elements] = each.shape as [number, number];
  const norms = (unitSize = 1): Tensor => {
    if (unitSize === 1) return rowSum(square(each));
    const units = reshape(each, [batch / unitSize, unitSize, elements]);
    return rowSum(square(sum(units, { from: 1, to: 2 })));
  };
  return {
    norms,
    moments() {
      const gradient = scale(sumRows(each), 1 / batch);
      const centredSquares = sumRows(square(subtract(each, broadcastRows(gradient, batch))));
      return {
        gradient: reshape(gradient, shape),
        centredSquares: reshape(centredSquares, shape),
        normSq: norms(),
      };
    },
    // As outer products with one.
    histogram: (counts, bins, w) =>
      histogram(counts, { x: fill(each.node.graph, 1, [batch, 1]), delta: each, ...(w && { w }) }, bins),
    patches: null,
    rows: () => each,
  };
}
