import type { FlatLayout } from '../../ops/flat.ts';
import type { BinsOf } from '../../ops/perExample/histogramBins.ts';

/** Half a range in root mean squares of the elements: at most 1/25 of them can lie outside (Chebyshev). */
const WIDE = 5;

/** Bins of histograms. */
export interface HistogramOptions {
  readonly bins: number;
  readonly parameterBins?: number | undefined;
}

/**
 * Ranges of the histograms that were asked for, by the data, one for all tensors: gradients from −5 to 5 root mean squares of
 * all their elements (from −1 to 1 where all are zero), parameters from the smallest to the largest.
 * @param options.bins of the gradient
 * @param options.parameterBins of the parameter's value, where it is binned too
 * @param weights flat [P]
 * @param normSq |gₙ|² of every example (unit)
 */
export function histogramRanges(
  { bins, parameterBins: rows }: HistogramOptions,
  { entries }: FlatLayout,
  weights: Float32Array,
  normSq: Float32Array,
): BinsOf {
  const parameters = entries.reduce((total, { elements }) => total + elements, 0);
  const square = normSq.reduce((sum, each) => sum + each, 0) / (normSq.length * parameters);
  const to = Math.fround(WIDE * Math.sqrt(square)) || 1;
  const gradient = { from: -to, to, count: bins };
  if (rows === undefined) return { gradient };
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { offset, elements } of entries) {
    for (const value of weights.subarray(offset, offset + elements)) {
      least = Math.min(least, value);
      largest = Math.max(largest, value);
    }
  }
  // All alike, they need some width.
  if (least === largest) [least, largest] = [least - 1, largest + 1];
  return { gradient, parameter: { from: least, to: largest, count: rows } };
}
