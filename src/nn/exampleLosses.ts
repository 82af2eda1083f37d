import { size, type Tensor } from '../ops/graph.ts';
import { reshape } from '../ops/reshape.ts';
import { scale } from '../ops/scale.ts';
import { softmaxCrossEntropy } from '../ops/softmaxCrossEntropy.ts';
import { softTargetCrossEntropy } from '../ops/softTargetCrossEntropy.ts';
import { square } from '../ops/square.ts';
import { subtract } from '../ops/subtract.ts';
import { rowSum } from '../ops/sum.ts';
import type { LossName } from './modelSpec.ts';

/**
 * The loss of each example, [B]; the loss of a batch is their mean. `cross_entropy` takes logits [B, C] and labels [B], or
 * class probabilities [B, C]; of sequences logits [B, T, C] and labels [B, T], the loss of one being the mean over its T positions.
 * `mse` is the mean over an example's outputs, of [B, K] and values [B, K].
 */
export function exampleLosses(loss: LossName, outputs: Tensor, targets: Tensor): Tensor {
  if (loss === 'cross_entropy') {
    if (outputs.shape.length === 3) return sequenceLosses(outputs, targets);
    return targets.dtype === 'u32'
      ? softmaxCrossEntropy(outputs, targets)
      : softTargetCrossEntropy(outputs, targets);
  }
  return scale(rowSum(square(subtract(outputs, targets))), 1 / outputs.shape[1]!);
}

/** The losses of the positions of all sequences, as those of so many examples, and of each sequence their mean. */
function sequenceLosses(outputs: Tensor, targets: Tensor): Tensor {
  const [examples, positions, classes] = outputs.shape as [number, number, number];
  const rows = reshape(outputs, [examples * positions, classes]);
  const each = softmaxCrossEntropy(rows, reshape(targets, [size(targets.shape)]));
  return scale(rowSum(reshape(each, [examples, positions])), 1 / positions);
}
