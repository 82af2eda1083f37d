import { add } from '../../ops/add.ts';
import { broadcast } from '../../ops/broadcast.ts';
import type { Tensor } from '../../ops/graph.ts';
import { multiply } from '../../ops/multiply.ts';
import { offset } from '../../ops/offset.ts';
import { relu } from '../../ops/relu.ts';
import { scale } from '../../ops/scale.ts';
import { sign } from '../../ops/sign.ts';
import { subtract } from '../../ops/subtract.ts';

/**
 * Of two numbers on the device the larger, and what belongs to it: by weights of 1 and 0, so that nothing is rounded. The second where
 * they are equal. Where one is no number, neither is what comes of it.
 * @param values scalars
 * @param belonging of one shape
 */
export function largerOf(
  values: readonly [Tensor, Tensor],
  belonging: readonly [Tensor, Tensor],
): { readonly value: Tensor; readonly belonging: Tensor } {
  const isFirst = relu(sign(subtract(...values)));
  const isSecond = offset(scale(isFirst, -1), 1);
  const { shape } = belonging[0];
  const everywhere = (weight: Tensor): Tensor => broadcast(weight, shape, { from: 0, to: shape.length });
  return {
    value: add(multiply(isFirst, values[0]), multiply(isSecond, values[1])),
    belonging: add(multiply(everywhere(isFirst), belonging[0]), multiply(everywhere(isSecond), belonging[1])),
  };
}
