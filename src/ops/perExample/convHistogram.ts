import kernel from '../../../shaders/histogram/conv2d.wgsl';
import type { State } from '../../gpu/state.ts';
import type { Tensor } from '../graph.ts';
import { applyAll, type Op } from '../op.ts';
import { convParams, convShape } from '../plans/convPlan.ts';
import { BUSY, linearGrid } from '../plans/linearGrid.ts';
import type { Window2d } from '../window2d.ts';
import { requireConv } from './convNorms.ts';
import { type BinsOf, binParams, requireBins } from './histogramBins.ts';

/** Side of an invocation's tile of the weight. */
const TILE = 4;

const convHistogramOp: Op = {
  name: 'convHistogram',
  writes: ({ counts }) => [counts],
  lower: ({ inputs: [x, dy, w], attributes: { counts, bins, window, unitSize } }, to) => {
    const shape = convShape(x!.shape, dy!.shape, window);
    const { images, channels, outChannels } = shape;
    const taps = channels * window.kernelHeight * window.kernelWidth;
    const tiles = Math.ceil(taps / TILE) * Math.ceil(outChannels / TILE);
    const units = images / unitSize;
    const unitsPerBlock = Math.ceil(units / Math.min(units, Math.ceil(BUSY / tiles)));
    to.dispatch(
      {
        source: kernel,
        knobs: { TILE_O: TILE, TILE_K: TILE, PARAMETERS: w !== undefined },
        params: { ...convParams(shape), unitSize, unitsPerBlock, ...binParams(bins) },
        grid: linearGrid(tiles * Math.ceil(units / unitsPerBlock)),
      },
      { x: x!, dy: dy!, counts: counts as State, ...(w ? { w } : {}) },
    );
  },
};

/**
 * Counts the elements of the gradients of a convolution's weight, g = Σ δ(p, q) patch(p, q)ᵀ over the positions of each unit of
 * `unitSize` consecutive images, by value, and with bins of the parameter by that of w, into `counts`: [rows·bins + 1] u32, the
 * last for what is no finite number. Added to what is there; exact below 2³² a bin. x [N, C, H, W], δ [N, O, H', W'],
 * w [O, C, kh, kw].
 * @throws if shapes do not fit, the units do not divide the images, a range is empty, or there are more than 2048 bins
 */
export function convHistogram(
  counts: State,
  { x, delta, w }: { readonly x: Tensor; readonly delta: Tensor; readonly w?: Tensor },
  window: Window2d,
  bins: BinsOf,
  unitSize = 1,
): void {
  requireConv('convHistogram', { x, delta, window, unitSize });
  const [channels, outChannels] = [x.shape[1]!, delta.shape[1]!];
  const parameters = outChannels * channels * window.kernelHeight * window.kernelWidth;
  requireBins('convHistogram', counts, bins, w, parameters);
  applyAll(convHistogramOp, w ? [x, delta, w] : [x, delta], { counts, bins, window, unitSize }, []);
}
