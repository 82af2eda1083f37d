import { add } from '../ops/add.ts';
import { attentionTakes, selfAttention } from '../ops/attention.ts';
import { headsTogether, thirds } from '../ops/attentionHeads.ts';
import { batchedMatmul } from '../ops/batchedMatmul.ts';
import { placesView, rowsView } from '../ops/channelView.ts';
import { gelu } from '../ops/gelu.ts';
import type { Tensor } from '../ops/graph.ts';
import { normalize } from '../ops/normalize.ts';
import { relu } from '../ops/relu.ts';
import { scale } from '../ops/scale.ts';
import { scaleShift } from '../ops/scaleShift.ts';
import { softmax } from '../ops/softmax.ts';
import { linearOver } from './linearOver.ts';
import type { LayerSpec } from './modelSpec.ts';

type EncoderLayer = Extract<LayerSpec, { type: 'TransformerEncoderLayer' }>;

/** Drops of a tensor what the layer's Dropout number `part` does. */
export type Drop = (x: Tensor, part: number) => Tensor;

/** The Dropouts of a layer by number: of the attention's weights, of its output, and those within and after the feedforward part. */
const DROPPED = { weights: 0, attention: 1, hidden: 2, feedforward: 3 } as const;

/** Weight and bias, null where the layer has none. */
type Affine = readonly [weight: Tensor, bias: Tensor | null];

/**
 * Softmax(q·kᵀ/√d)·v of each of H heads of d = D/H numbers, q, k and v the three thirds of x·Wᵀ + b (Vaswani et al. 2017), with
 * the heads side by side in the order of torch.nn.MultiheadAttention. x [N, T, D] → [N, T, D].
 * @param drop of the attention's weights; null where nothing is
 */
function attention(
  x: Tensor,
  [weight, bias]: Affine,
  { heads, causal, drop }: { readonly heads: number; readonly causal: boolean; readonly drop: Drop | null },
): Tensor {
  const width = x.shape.at(-1)!;
  const joined = linearOver(x, weight, bias);
  // Without the weights themselves, of which there are places × places. It is quicker too: of 8 to 256 places, heads of 16 or 64 numbers, 4 to
  // 11 times forwards and 1.3 to 5 times with the gradient (SwiftShader, two cores beside other programs, 2026-11-28; no GPU measured).
  if (!drop && attentionTakes(width / heads)) return selfAttention(joined, heads, { causal });
  const [q, k, v] = thirds(joined, heads) as [Tensor, Tensor, Tensor];
  const scores = batchedMatmul('NT', scale(q, 1 / Math.sqrt(width / heads)), k);
  const weights = softmax(scores, { causal });
  return headsTogether(batchedMatmul('NN', drop ? drop(weights, DROPPED.weights) : weights, v), heads);
}

/** LayerNorm over the last axis. */
function layerNorm(x: Tensor, [weight, bias]: Affine, eps: number): Tensor {
  return scaleShift(normalize(x, rowsView(x.shape, 1), eps).y, weight, bias, placesView(x.shape, 1));
}

/**
 * torch.nn.TransformerEncoderLayer with batch_first: attention and two dense layers, each with a residual connection, normalised after
 * it, or before with `norm_first`. x [N, T, D] → [N, T, D].
 * @param parameters in the order of the state dict
 * @param dropOf null where nothing is dropped: in eval mode, say
 */
export function encoderLayer(
  x: Tensor,
  layer: EncoderLayer,
  parameters: readonly Tensor[],
  dropOf: Drop | null,
): Tensor {
  const drop: Drop = dropOf ?? ((h) => h);
  const each = layer.bias ? 2 : 1;
  const affine = (i: number): Affine => [
    parameters[each * i]!,
    layer.bias ? parameters[each * i + 1]! : null,
  ];
  const [input, output, first, second, norm1, norm2] = [0, 1, 2, 3, 4, 5].map(affine) as [
    Affine,
    Affine,
    Affine,
    Affine,
    Affine,
    Affine,
  ];
  const { nhead: heads, causal, layer_norm_eps: eps } = layer;
  const attend = (h: Tensor): Tensor =>
    drop(linearOver(attention(h, input, { heads, causal, drop: dropOf }), ...output), DROPPED.attention);
  const activate = layer.activation === 'gelu' ? gelu : relu;
  const feedForward = (h: Tensor): Tensor => {
    const hidden = drop(activate(linearOver(h, ...first)), DROPPED.hidden);
    return drop(linearOver(hidden, ...second), DROPPED.feedforward);
  };
  if (layer.norm_first) {
    const attended = add(x, attend(layerNorm(x, norm1, eps)));
    return add(attended, feedForward(layerNorm(attended, norm2, eps)));
  }
  const attended = layerNorm(add(x, attend(x)), norm1, eps);
  return layerNorm(add(attended, feedForward(attended)), norm2, eps);
}

/** How many tensors are a layer's parameters. */
export function encoderParameters({ bias }: EncoderLayer): number {
  return bias ? 12 : 6;
}
