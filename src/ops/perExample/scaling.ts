import type { ChannelView } from '../channelView.ts';
import type { Tensor } from '../graph.ts';
import { multiply } from '../multiply.ts';
import { reshape } from '../reshape.ts';
import { collapse } from '../sum.ts';
import type { PerExampleGradient } from './perExampleGradient.ts';
import { rowGradients } from './rowGradients.ts';
import { rowsOfExample } from './rowsOfExample.ts';

/**
 * The per-example gradients of a channelwise weight and bias, as normalisation layers have them: Σ δ∘x and Σ δ over the
 * elements of example n's channel.
 * @param x of the view's elements, what is scaled: for a normalisation what it has normalised. Its outer axis holds whole
 *   examples, one after another
 * @param delta of x's shape
 * @param parameters the weight, and the bias if there is one
 * @throws if the examples do not share the view's outer axis evenly
 */
export function scaling(
  x: Tensor,
  delta: Tensor,
  { outer, channels, inner }: ChannelView,
  { examples, parameters }: { readonly examples: number; readonly parameters: readonly Tensor[] },
): readonly PerExampleGradient[] {
  const positions = rowsOfExample('scaleShift', outer, examples);
  const within = (v: Tensor): Tensor =>
    collapse(collapse(reshape(v, [examples, positions, channels, inner]), 3), 1);
  const each = [within(multiply(delta, x)), within(delta)];
  return parameters.map(({ shape }, i) => rowGradients(each[i]!, shape));
}
