import { type Estimate, estimateFrom } from './estimate.ts';

/**
 * The ratio of two means over the same samples, ā/b̄, with its standard error by linearisation: that of the mean of (aᵢ − (ā/b̄)·bᵢ)/b̄, the samples'
 * scatter about a line through the origin (Cochran 1977, section 6.4). It errs by as much as 1/n of what b scatters.
 */
export function ratioOfMeans(a: readonly number[], b: readonly number[]): Estimate {
  const means = [a, b].map((samples) => estimateFrom(samples).value) as [number, number];
  const value = means[0] / means[1];
  const { stderr, probes } = estimateFrom(a.map((each, i) => (each - value * b[i]!) / means[1]));
  return { value, stderr, probes };
}
