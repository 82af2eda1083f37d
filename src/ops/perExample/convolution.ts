import type { Tensor } from '../graph.ts';
import { reshape } from '../reshape.ts';
import { collapse, sum } from '../sum.ts';
import type { Window2d } from '../window2d.ts';
import { patchGradient } from './patchProducts.ts';
import type { PerExampleGradient } from './perExampleGradient.ts';
import { rowGradients } from './rowGradients.ts';
import { rowsOfExample } from './rowsOfExample.ts';

/**
 * A convolution's per-example gradients: gₙ = Σ δ(p, q) patch(p, q)ᵀ of the weight and Σ δ(p, q) of the bias, over the positions
 * (p, q) of the images of example n (Rochette et al. 2019).
 * @param x [B·T, C, H, W]: the images of one example stand together
 * @param delta [B·T, O, H', W']
 * @throws if the examples do not share the images evenly
 */
export function convolution(
  x: Tensor,
  delta: Tensor,
  window: Window2d,
  examples: number,
): readonly [weight: PerExampleGradient, bias: PerExampleGradient] {
  const [all, outputs] = delta.shape as [number, number];
  const images = rowsOfExample('conv2d', all, examples);
  const ofImages = sum(delta, { from: 2, to: 4 });
  return [
    patchGradient(
      [{ x, delta, window, images }],
      [outputs, x.shape[1]!, window.kernelHeight, window.kernelWidth],
    ),
    rowGradients(collapse(reshape(ofImages, [examples, images, outputs]), 1), [outputs]),
  ];
}
