import { size, type Tensor } from '../graph.ts';
import { reshape } from '../reshape.ts';
import { type Window2d, window2d } from '../window2d.ts';
import { convHistogram } from './convHistogram.ts';
import { convMoments } from './convMoments.ts';
import { convWeightNorms } from './convNorms.ts';
import { convRows } from './convRows.ts';
import { joinRows } from './joinRows.ts';
import type { PerExampleGradient } from './perExampleGradient.ts';

/**
 * gₙ = Σ δ(p) patch(p)ᵀ over the positions p of all images of example n: a convolution's weight, or with windows of one pixel
 * that of a dense layer over several rows an example.
 */
export interface PatchProducts {
  /** Images [B·images, C, H, W]: those of one example stand together. */
  readonly x: Tensor;
  /** [B·images, O, H', W'] */
  readonly delta: Tensor;
  readonly window: Window2d;
  /** Images of one example. */
  readonly images: number;
}

/** The windows of a dense layer, whose rows are images of one pixel. */
export const ONE_PIXEL = window2d('linear', [1, 1], {});

/** Rows that are formed where nothing else is known take at most so many numbers (32 MiB a replica). */
export const LARGEST_ROWS = 2 ** 23;

/**
 * Statistics of the weight that such products make up.
 * @param uses of the weight, of one form: the products of all of them
 * @param shape the weight's, of O·C·kh·kw elements
 */
export function patchGradient(uses: readonly PatchProducts[], shape: readonly number[]): PerExampleGradient {
  return {
    norms: (unitSize = 1) => {
      const { x, delta, window, images } = joined(uses);
      return convWeightNorms(x, delta, window, unitSize * images);
    },
    moments() {
      const { x, delta, window, images } = joined(uses);
      const { gradient, centredSquares, normSq } = convMoments(x, delta, window, images);
      return {
        gradient: reshape(gradient, shape),
        centredSquares: reshape(centredSquares, shape),
        normSq,
      };
    },
    histogram(counts, bins, w) {
      const { x, delta, window, images } = joined(uses);
      convHistogram(counts, { x, delta, ...(w && { w }) }, window, bins, images);
    },
    patches: uses,
    rows() {
      const { x, delta, window, images } = joined(uses);
      const [batch, elements] = [x.shape[0]! / images, size(shape)];
      if (batch * elements > LARGEST_ROWS) {
        throw new RangeError(
          `per-example gradients of a parameter of ${elements} elements, used in ways of different forms: ` +
            `${batch} rows of it pass ${LARGEST_ROWS} numbers; take fewer examples at once`,
        );
      }
      return convRows(x, delta, window, images);
    },
  };
}

/** Whether the products of several uses can be joined: the same windows, over images of the same extents. */
export function haveOneForm(uses: readonly PatchProducts[]): boolean {
  const forms = uses.map(({ x, delta, window }) => [x.shape.slice(1), delta.shape.slice(1), form(window)]);
  return new Set(forms.map(String)).size === 1;
}

function form({
  kernelHeight,
  kernelWidth,
  strideHeight,
  strideWidth,
  padHeight,
  padWidth,
}: Window2d): string {
  return String([kernelHeight, kernelWidth, strideHeight, strideWidth, padHeight, padWidth]);
}

/**
 * The products of several uses as those of one: the images of all of them, example by example. Products of one use with
 * another's are met wherever positions of an example meet, so no cross term is left out. Images of one pixel become the pixels
 * of one image, for which the kernels are made.
 */
function joined(uses: readonly PatchProducts[]): PatchProducts {
  const [{ x, window, images: first }] = uses as [PatchProducts];
  const images = uses.reduce((sum, use) => sum + use.images, 0);
  const ofOnePixel = form(window) === form(ONE_PIXEL) && size(x.shape.slice(2)) === 1;
  if (images === 1 || (uses.length === 1 && !ofOnePixel)) return uses[0]!;
  const examples = x.shape[0]! / first;
  const joinAll = (of: 'x' | 'delta'): Tensor => {
    const parts = uses.map((use) => use[of]);
    if (!ofOnePixel) return joinRows(parts, examples);
    const channels = parts[0]!.shape[1]!;
    return reshape(joinRows(parts, examples, { transposed: true }), [examples, channels, 1, images]);
  };
  return { x: joinAll('x'), delta: joinAll('delta'), window, images: ofOnePixel ? 1 : images };
}
