import { broadcast } from '../ops/broadcast.ts';
import { size, type Tensor } from '../ops/graph.ts';
import { inverseSqrt } from '../ops/inverseSqrt.ts';
import { multiply } from '../ops/multiply.ts';
import { offset } from '../ops/offset.ts';
import { reshape } from '../ops/reshape.ts';
import { scale } from '../ops/scale.ts';
import { square } from '../ops/square.ts';
import { subtract } from '../ops/subtract.ts';
import { collapse } from '../ops/sum.ts';

/**
 * y = (x − mean)/√(variance + eps) of each channel within each ghost batch of `ghostBatch` consecutive examples (Hoffer et
 * al. 2017): BatchNorm over many small batches at once. x [N, C, …]. Made of sums and elementwise ops, since a ghost batch's
 * channel is no one run of elements as the kernels of `normalize` take it.
 * @throws if the ghost batches do not divide the examples
 */
export function ghostNormalize(x: Tensor, ghostBatch: number, eps: number): Tensor {
  const [examples, channels] = x.shape as [number, number];
  if (examples % ghostBatch !== 0) {
    throw new Error(`${examples} examples have no whole ghost batches of ${ghostBatch}`);
  }
  const inner = size(x.shape.slice(2));
  const view = [examples / ghostBatch, ghostBatch, channels, inner];
  const rows = view.slice(0, 3);
  const average = (v: Tensor): Tensor =>
    scale(collapse(collapse(reshape(v, view), 3), 1), 1 / (ghostBatch * inner));
  const everywhere = (v: Tensor): Tensor =>
    reshape(broadcast(broadcast(v, rows, { from: 1, to: 2 }), view, { from: 3, to: 4 }), x.shape);
  const centred = subtract(x, everywhere(average(x)));
  return multiply(centred, everywhere(inverseSqrt(offset(average(square(centred)), eps))));
}
