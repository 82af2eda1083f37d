import type { State } from '../../gpu/state.ts';
import { size, type Tensor } from '../graph.ts';
import { expectState } from '../op.ts';

/** Bins of equal width from `from` to `to`; what lies outside counts in the first or the last. */
export interface Bins {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** By what elements are counted: their value, or it and the value of their parameter, whose bins are rows. */
export interface BinsOf {
  readonly gradient: Bins;
  readonly parameter?: Bins;
}

/** Bins that a workgroup keeps of its own. */
export const MOST_BINS = 2048;

/** Bins of all rows. */
export function binCount({ gradient, parameter }: BinsOf): number {
  return gradient.count * (parameter?.count ?? 1);
}

/** Ranges as the kernels of histograms have them. */
export function binParams({ gradient, parameter }: BinsOf): Record<string, number> {
  return {
    rows: parameter?.count ?? 1,
    bins: gradient.count,
    low: gradient.from,
    perWidth: gradient.count / (gradient.to - gradient.from),
    rowLow: parameter?.from ?? 0,
    rowPerWidth: parameter ? parameter.count / (parameter.to - parameter.from) : 0,
  };
}

/**
 * Refuses what a histogram's kernel cannot count.
 * @param w the parameters, of which there are so many
 * @throws if the counts' shape does not fit, a range is empty, there are more than 2048 bins, or parameters come without bins
 */
export function requireBins(
  op: string,
  counts: State,
  bins: BinsOf,
  w: Tensor | undefined,
  parameters: number,
): void {
  const { gradient, parameter } = bins;
  for (const { from, to, count } of parameter ? [gradient, parameter] : [gradient]) {
    if (!(from < to && count >= 1)) throw new Error(`${op}: ${count} bins from ${from} to ${to}`);
  }
  const all = binCount(bins);
  if (all > MOST_BINS) throw new Error(`${op}: ${all} bins, expected at most ${MOST_BINS}`);
  expectState(op, 'the state of the counts', counts, { dtype: 'u32', shape: [all + 1] });
  if (Boolean(parameter) !== Boolean(w)) throw new Error(`${op}: parameters and their bins go together`);
  if (w && size(w.shape) !== parameters) {
    throw new Error(`${op}: ${size(w.shape)} parameters, expected ${parameters}`);
  }
}
