import { size, type Tensor } from '../graph.ts';
import { reshape } from '../reshape.ts';
import type { Window2d } from '../window2d.ts';
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
  /** [B·images, C, H, W]: those of one example stand together. */
  readonly x: Tensor;
  /** [B·images, O, H', W'] */
  readonly delta: Tensor;
  readonly window: Window2d;
  /** Images of one example. */
  readonly images: number;
}

/** Rows that are formed where nothing else is known take at most so many numbers (32 MiB a replica). */
export const LARGEST_ROWS = 2 ** 23;

/**
 * Statistics of the weight that such products make up.
 * @param shape the weight's, of O·C·kh·kw elements
 */
export function patchGradient(patches: PatchProducts, shape: readonly number[]): PerExampleGradient {
  const { x, delta, window, images } = patches;
  return {
    norms: (unitSize = 1) => convWeightNorms(x, delta, window, unitSize * images),
    moments() {
      const { gradient, centredSquares, normSq } = convMoments(x, delta, window, images);
      return {
        gradient: reshape(gradient, shape),
        centredSquares: reshape(centredSquares, shape),
        normSq,
      };
    },
    histogram: (counts, bins, w) =>
      convHistogram(counts, { x, delta, ...(w && { w }) }, window, bins, images),
    patches,
    rows() {
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

/**
 * The sum of several such gradients of one weight, as one: the images of all uses, example by example. Products of one use with
 * another's are met wherever positions of an example meet, so no cross term is left out.
 * @returns null unless all have the same windows over images of the same extents
 */
export function joinPatches(uses: readonly PatchProducts[]): PatchProducts | null {
  const [first] = uses as [PatchProducts];
  const form = ({ x, delta, window }: PatchProducts): string =>
    JSON.stringify([x.shape.slice(1), delta.shape.slice(1), Object.entries(window).sort()]);
  if (uses.some((use) => form(use) !== form(first))) return null;
  const examples = first.x.shape[0]! / first.images;
  return {
    x: joinRows(
      uses.map(({ x }) => x),
      examples,
    ),
    delta: joinRows(
      uses.map(({ delta }) => delta),
      examples,
    ),
    window: first.window,
    images: uses.reduce((sum, { images }) => sum + images, 0),
  };
}
