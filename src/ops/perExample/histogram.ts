import kernel from '../../../shaders/histogram/outer.wgsl';
import type { State } from '../../gpu/state.ts';
import type { Tensor } from '../graph.ts';
import { applyAll, type Op } from '../op.ts';
import { linearGrid } from '../plans/linearGrid.ts';
import { requireDense } from './denseNorms.ts';
import { type BinsOf, binParams, requireBins } from './histogramBins.ts';

const PER_THREAD = 16;

const histogramOp: Op = {
  name: 'histogram',
  writes: ({ counts }) => [counts],
  lower: ({ inputs: [x, delta, w], attributes }, to) => {
    const [[batch, inputs], outputs] = [x!.shape as [number, number], delta!.shape[1]!];
    to.dispatch(
      {
        source: kernel,
        knobs: { PARAMETERS: w !== undefined, PER_THREAD },
        params: { batch, outputs, inputs, ...binParams(attributes.bins) },
        grid: linearGrid(outputs * inputs, PER_THREAD),
      },
      { x: x!, delta: delta!, counts: attributes.counts as State, ...(w ? { w } : {}) },
    );
  },
};

/**
 * Counts the elements of gₙ = δₙxₙᵀ by value, and with bins of the parameter by the value of the parameter that they belong
 * to, into `counts`: [rows·bins + 1] u32, rows of the parameter's bins, the last for what is no finite number. Added to what
 * is there; exact below 2³² a bin. x [B, K], δ [B, L], w [L, K].
 * @throws if shapes do not fit, a range is empty, or there are more than 2048 bins
 */
export function histogram(
  counts: State,
  { x, delta, w }: { readonly x: Tensor; readonly delta: Tensor; readonly w?: Tensor },
  bins: BinsOf,
): void {
  requireDense('histogram', x, delta);
  requireBins('histogram', counts, bins, w, delta.shape[1]! * x.shape[1]!);
  applyAll(histogramOp, w ? [x, delta, w] : [x, delta], { counts, bins }, []);
}
