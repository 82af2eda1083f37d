import type { ChannelView } from '../channelView.ts';
import { size, type Tensor } from '../graph.ts';
import { multiply } from '../multiply.ts';
import { reshape } from '../reshape.ts';
import { collapse } from '../sum.ts';

/**
 * Each example's gradients of a channelwise weight and bias, [B, C] of each: Σ δₙ∘xₙ and Σ δₙ over the elements of
 * example n's channel. x and delta [B, …], of the view's elements; an example is whole steps of the view's outer axis.
 */
export function scaleGradients(
  x: Tensor,
  delta: Tensor,
  { outer, channels, inner }: ChannelView,
): readonly [weight: Tensor, bias: Tensor] {
  const batch = x.shape[0]!;
  const positions = outer / batch;
  if (!Number.isInteger(positions) || size(x.shape) !== outer * channels * inner) {
    throw new Error(
      `scaleGradients: ${batch} examples are not whole rows of [${outer}, ${channels}, ${inner}]`,
    );
  }
  const within = (v: Tensor): Tensor =>
    collapse(collapse(reshape(v, [batch, positions, channels, inner]), 3), 1);
  return [within(multiply(delta, x)), within(delta)];
}
