import { correct } from '../ops/correct.ts';
import type { Tensor } from '../ops/graph.ts';
import { reshape } from '../ops/reshape.ts';
import { scale } from '../ops/scale.ts';
import { rowSum } from '../ops/sum.ts';

/**
 * For each example 1 where its largest logit is its label's, else 0; for a sequence the share of its positions where that
 * is so. Logits [B, C] and labels [B], or [B, T, C] and [B, T] → [B].
 * @throws if the shapes do not fit
 */
export function exampleAccuracies(logits: Tensor, labels: Tensor): Tensor {
  if (logits.shape.length !== 3) return correct(logits, labels);
  const [examples, positions, classes] = logits.shape as [number, number, number];
  const rows = examples * positions;
  const right = correct(reshape(logits, [rows, classes]), reshape(labels, [rows]));
  return scale(rowSum(reshape(right, [examples, positions])), 1 / positions);
}
