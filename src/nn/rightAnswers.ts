import { correct } from '../ops/correct.ts';
import { size, type Tensor } from '../ops/graph.ts';
import { reshape } from '../ops/reshape.ts';
import { scale } from '../ops/scale.ts';
import { rowSum } from '../ops/sum.ts';

/**
 * 1 for each example whose largest logit is its label's, else 0: logits [B, C] and labels [B] → [B]. Of a sequence, [B, T, C] and
 * [B, T], the share of its positions of which that holds.
 */
export function rightAnswers(outputs: Tensor, targets: Tensor): Tensor {
  const [examples, ...rest] = outputs.shape as [number, ...number[]];
  if (rest.length === 1) return correct(outputs, targets);
  const classes = rest.at(-1)!;
  const positions = size(rest) / classes;
  const each = correct(
    reshape(outputs, [examples * positions, classes]),
    reshape(targets, [examples * positions]),
  );
  return scale(rowSum(reshape(each, [examples, positions])), 1 / positions);
}
