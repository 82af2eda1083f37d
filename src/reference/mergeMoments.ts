/** Mean and Σ (g − mean)² of some examples, by coordinate. */
export interface Moments {
  readonly mean: ArrayLike<number>;
  readonly squares: ArrayLike<number>;
}

/**
 * Moments of `before` and `now` examples together (Chan, Golub & LeVeque 1979), in float64. Before the first example
 * there are none, whatever `a` holds.
 */
export function mergeMoments(
  a: Moments,
  before: number,
  b: Moments,
  now: number,
): { mean: Float64Array; squares: Float64Array } {
  if (before === 0) return { mean: Float64Array.from(b.mean), squares: Float64Array.from(b.squares) };
  const total = before + now;
  const delta = Float64Array.from(a.mean, (mean, i) => (b.mean[i] as number) - mean);
  return {
    mean: Float64Array.from(a.mean, (mean, i) => mean + ((delta[i] as number) * now) / total),
    squares: Float64Array.from(
      a.squares,
      (squares, i) => squares + (b.squares[i] as number) + ((delta[i] as number) ** 2 * before * now) / total,
    ),
  };
}
