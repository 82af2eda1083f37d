import kernel from '../../shaders/histogram/outer.wgsl';
import type { State } from '../gpu/state.ts';
import { size, type Tensor } from './graph.ts';
import { applyAll, expectShape, type Op } from './op.ts';
import { linearGrid } from './plans/linearGrid.ts';

/** Bins of equal width from `from` to `to`; what lies outside counts in the first or the last. */
export interface Bins {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Bins that a workgroup keeps of its own. */
const MOST_BINS = 2048;

const PER_THREAD = 16;

const histogramOp: Op = {
  name: 'histogram',
  writes: ({ counts }) => [counts],
  lower: ({ inputs: [x, delta, w], attributes }, to) => {
    const gradient: Bins = attributes.gradient;
    const parameter: Bins | undefined = attributes.parameter;
    const [[batch, inputs], outputs] = [x!.shape as [number, number], delta!.shape[1]!];
    to.dispatch(
      {
        source: kernel,
        knobs: { PARAMETERS: w !== undefined, PER_THREAD },
        params: {
          batch,
          outputs,
          inputs,
          rows: parameter?.count ?? 1,
          bins: gradient.count,
          low: gradient.from,
          perWidth: gradient.count / (gradient.to - gradient.from),
          rowLow: parameter?.from ?? 0,
          rowPerWidth: parameter ? parameter.count / (parameter.to - parameter.from) : 0,
        },
        grid: linearGrid(outputs * inputs, PER_THREAD),
      },
      { x: x!, delta: delta!, counts: attributes.counts as State, ...(w ? { w } : {}) },
    );
  },
};

/**
 * Counts the elements of gₙ = δₙxₙᵀ by value, and with `parameter` by the value of the parameter that they belong to, into
 * `counts`: [rows·bins + 1] u32, rows of the parameter's bins, the last for what is no finite number. Added to what is
 * there; exact below 2³² a bin. x [B, K], δ [B, L], w [L, K].
 * @throws if shapes do not fit, a range is empty, or there are more than 2048 bins
 */
export function histogram(
  counts: State,
  { x, delta, w }: { readonly x: Tensor; readonly delta: Tensor; readonly w?: Tensor },
  gradient: Bins,
  parameter?: Bins,
): void {
  const bins = gradient.count * (parameter?.count ?? 1);
  for (const { from, to, count } of parameter ? [gradient, parameter] : [gradient]) {
    if (!(from < to && count >= 1)) throw new Error(`histogram: ${count} bins from ${from} to ${to}`);
  }
  if (bins > MOST_BINS) throw new Error(`histogram: ${bins} bins, expected at most ${MOST_BINS}`);
  expectShape('histogram', 'the state of the counts', counts.shape, [bins + 1]);
  expectShape('histogram', 'δ', delta.shape, [x.shape[0]!, delta.shape[1]!]);
  if (parameter && w && size(w.shape) !== delta.shape[1]! * x.shape[1]!) {
    throw new Error(`histogram: ${size(w.shape)} parameters, expected ${delta.shape[1]! * x.shape[1]!}`);
  }
  if (Boolean(parameter) !== Boolean(w)) throw new Error('histogram: parameters and their bins go together');
  applyAll(histogramOp, w ? [x, delta, w] : [x, delta], { counts, gradient, parameter }, []);
}
