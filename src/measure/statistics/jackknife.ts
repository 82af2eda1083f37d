import type { StandardError } from './interval.ts';

/**
 * Standard error of a statistic by its values without each of N examples, or without each of N groups of equal size:
 * √((N − 1)/N Σ(θ₋ₙ − θ̄)²) (Efron & Stein 1981: on average not too small).
 * @returns null where a value is no finite number, or there is one only
 */
export function jackknife(leftOut: ArrayLike<number>): number | null {
  return jackknifeError(leftOut)?.stderr ?? null;
}

/**
 * The same with its degrees of freedom: 2N/(κ − 1), from the variance (κ − 1)/N of a relative variance whose terms have kurtosis κ,
 * N − 1 at the most. Where few examples make most of the error it is known as if from few.
 */
export function jackknifeError(leftOut: ArrayLike<number>): StandardError | null {
  const N = leftOut.length;
  const values = Float64Array.from(leftOut);
  const mean = values.reduce((sum, value) => sum + value, 0) / N;
  let [squares, fourth] = [0, 0];
  for (const value of values) {
    const square = (value - mean) ** 2;
    squares += square;
    fourth += square * square;
  }
  const stderr = Math.sqrt(((N - 1) / N) * squares);
  if (N < 2 || !Number.isFinite(stderr)) return null;
  const kurtosis = (N * fourth) / squares ** 2;
  const freedom = kurtosis > 1 ? Math.max(1, Math.min(N - 1, (2 * N) / (kurtosis - 1))) : N - 1;
  return { stderr, freedom };
}
