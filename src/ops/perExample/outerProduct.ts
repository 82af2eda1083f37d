import type { Tensor } from '../graph.ts';
import { multiply } from '../multiply.ts';
import { reshape } from '../reshape.ts';
import { collapse, rowSum } from '../sum.ts';
import { denseMoments } from './denseMoments.ts';
import { denseNorms } from './denseNorms.ts';
import { groupGram } from './groupGram.ts';
import { histogram } from './histogram.ts';
import { ONE_PIXEL, patchGradient } from './patchProducts.ts';
import type { PerExampleGradient } from './perExampleGradient.ts';
import { rowGradients } from './rowGradients.ts';
import { rowsOfExample } from './rowsOfExample.ts';

/**
 * A dense layer's per-example gradients: gₙ = Σₜ δₙₜ xₙₜᵀ of the weight and Σₜ δₙₜ of the bias, over the rows t of example n.
 *
 * With one row an example no gₙ is formed: ‖Σ δₙxₙᵀ‖² = Σᵢⱼ (xᵢ·xⱼ)(δᵢ·δⱼ) over a unit (Goodfellow 2015), and the kernels that
 * give the weight's statistics give the bias's beside; asked for twice, they are merged when the program is compiled. Several
 * rows, such as the positions of a sequence, are images for a convolution with windows of one pixel.
 * @param x [B·T, K]: the rows of one example stand together
 * @param delta [B·T, L]
 * @throws if the examples do not share the rows evenly
 */
export function outerProduct(
  x: Tensor,
  delta: Tensor,
  { examples, bias }: { readonly examples: number; readonly bias: boolean },
): readonly [weight: PerExampleGradient, bias: PerExampleGradient] {
  const [rows, inputs] = x.shape as [number, number];
  const outputs = delta.shape[1]!;
  const images = rowsOfExample('linear', rows, examples);
  const patches = {
    x: reshape(x, [rows, inputs, 1, 1]),
    delta: reshape(delta, [rows, outputs, 1, 1]),
    window: ONE_PIXEL,
    images,
  };
  const ofPatches = patchGradient([patches], [outputs, inputs]);
  if (images > 1) {
    const each = collapse(reshape(delta, [examples, images, outputs]), 1);
    return [ofPatches, rowGradients(each, [outputs])];
  }
  const moments = (part: 0 | 1) => () => {
    const { gradient, centredSquares, normSq } = denseMoments(x, delta, bias);
    return { gradient: gradient[part]!, centredSquares: centredSquares[part]!, normSq: normSq[part] };
  };
  return [
    {
      ...ofPatches,
      norms: (unitSize = 1) =>
        unitSize === 1
          ? denseNorms(x, delta)[0]
          : rowSum(multiply(groupGram(x, unitSize), groupGram(delta, unitSize))),
      moments: moments(0),
      histogram: (counts, bins, w) => histogram(counts, { x, delta, ...(w && { w }) }, bins),
    },
    {
      ...rowGradients(delta, [outputs]),
      norms: (unitSize = 1) =>
        unitSize === 1 ? denseNorms(x, delta)[1] : rowSum(groupGram(delta, unitSize)),
      moments: moments(1),
    },
  ];
}
