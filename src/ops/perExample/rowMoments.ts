import { broadcastRows } from '../broadcast.ts';
import type { Tensor } from '../graph.ts';
import { reshape } from '../reshape.ts';
import { scale } from '../scale.ts';
import { square } from '../square.ts';
import { subtract } from '../subtract.ts';
import { rowSum, sum, sumRows } from '../sum.ts';

/** Moments of gradients that are small enough to be formed, one row an example. */
export interface RowMoments {
  /** (1/B) Σₙ gₙ */
  readonly gradient: Tensor;
  /** Σₙ (gₙ − ḡ)² of every coordinate. */
  readonly centredSquares: Tensor;
  /** ‖gₙ‖², [B]. */
  readonly normSq: Tensor;
}

/** gₙ as the rows of `each` [B, C]; centred in two passes. */
export function rowMoments(each: Tensor): RowMoments {
  const batch = each.shape[0]!;
  const gradient = scale(sumRows(each), 1 / batch);
  const centredSquares = sumRows(square(subtract(each, broadcastRows(gradient, batch))));
  return { gradient, centredSquares, normSq: rowNorms(each) };
}

/** ‖Σ gₙ‖² over each unit of `unitSize` consecutive rows of `each` [B, C] → [B / unitSize]. */
export function rowNorms(each: Tensor, unitSize = 1): Tensor {
  if (unitSize === 1) return rowSum(square(each));
  const [n, channels] = each.shape as [number, number];
  const units = reshape(each, [n / unitSize, unitSize, channels]);
  return rowSum(square(sum(units, { from: 1, to: 2 })));
}
