import type { Tensor } from '../ops/graph.ts';
import { scale } from '../ops/scale.ts';
import { softmaxCrossEntropy } from '../ops/softmaxCrossEntropy.ts';
import { softTargetCrossEntropy } from '../ops/softTargetCrossEntropy.ts';
import { square } from '../ops/square.ts';
import { subtract } from '../ops/subtract.ts';
import { rowSum } from '../ops/sum.ts';
import type { LossName } from './modelSpec.ts';

/**
 * The loss of each example, [B]; the loss of a batch is their mean. `cross_entropy` takes logits [B, C] and labels [B], or
 * class probabilities [B, C]; `mse` is the mean over an example's outputs, of [B, K] and values [B, K].
 */
export function exampleLosses(loss: LossName, outputs: Tensor, targets: Tensor): Tensor {
  if (loss === 'cross_entropy') {
    return targets.dtype === 'u32'
      ? softmaxCrossEntropy(outputs, targets)
      : softTargetCrossEntropy(outputs, targets);
  }
  return scale(rowSum(square(subtract(outputs, targets))), 1 / outputs.shape[1]!);
}
