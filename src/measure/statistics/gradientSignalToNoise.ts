import type { FlatLayout } from '../../ops/flat.ts';
import type { CoordinateMoments } from './withoutGroup.ts';

/** How the ratios ḡ_d²/Σ_dd of single coordinates lie; of those that have any variance. */
export interface SignalToNoise {
  /** |ḡ|²/tr Σ, all coordinates together. */
  readonly overall: number;
  /** The same with |ḡ|² less tr Σ/N, unbiased above and below: 1/B_simple. */
  readonly overallUnbiased: number;
  /** Mean over the coordinates. */
  readonly mean: number;
  /**
   * (N − 3)/(N − 1)·mean − 1/N: unbiased for the mean of G_d²/Σ_dd where the gradients are normal, since a sample variance's inverse is
   * (N − 1)/(N − 3) times too large on average, and ḡ_d² of noise alone is Σ_dd/N. Null for fewer than four examples, whose
   * mean ratio has no expectation.
   */
  readonly meanUnbiased: number | null;
  /**
   * 5, 25, 50, 75 and 95 % of them lie below. Of these there is no standard error: a quantile over coordinates that vary on
   * their own is no smooth function of the examples. In samples of known distributions, jackknife and bootstrap by groups found 1 to
   * 22 times the variance that there is from sample to sample. Noise widens the distribution besides, as the 1/N in the
   * mean shows: these are the quantiles of the ratios that are found, not of true ones.
   */
  readonly quantiles: readonly number[];
  /** Coordinates whose gradient is the same for all examples: zero behind a dead input or unit. */
  readonly silent: number;
  /**
   * −N·meanUnbiased = 1 − N(N − 3)/(N − 1)·mean: positive where no coordinate's mean stands out of its noise, which ends training
   * (the EB criterion, Mahsereci et al. 2017, made unbiased: 0 on average where all is noise). Null where that is.
   */
  readonly evidence: number | null;
}

export const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/**
 * The gradient's signal-to-noise ratio, by coordinate and overall, from the moments of N examples.
 * @param moments flat [P]
 * @throws RangeError for fewer than two examples
 */
export function gradientSignalToNoise(
  layout: FlatLayout,
  { mean, centredSquares, examples }: CoordinateMoments,
): SignalToNoise {
  if (examples < 2) throw new RangeError('one example has no covariance');
  const all = new Float64Array(layout.length);
  let [signal, noise, silent, count] = [0, 0, 0, 0];
  for (const { offset, elements } of layout.entries) {
    for (let d = offset; d < offset + elements; d++) {
      const variance = centredSquares[d]! / (examples - 1);
      signal += mean[d]! ** 2;
      noise += variance;
      if (variance > 0) all[count++] = mean[d]! ** 2 / variance;
      else silent++;
    }
  }
  const ratios = all.subarray(0, count).sort();
  const average = ratios.reduce((sum, ratio) => sum + ratio, 0) / count;
  const meanUnbiased = examples < 4 ? null : ((examples - 3) / (examples - 1)) * average - 1 / examples;
  return {
    overall: signal / noise,
    overallUnbiased: (signal - noise / examples) / noise,
    mean: average,
    meanUnbiased,
    quantiles: QUANTILES.map((quantile) => ratios[Math.floor(quantile * (count - 1))]!),
    silent,
    evidence: meanUnbiased === null ? null : -examples * meanUnbiased,
  };
}
