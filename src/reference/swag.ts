/**
 * Mean and squared deviations of captured weights after capture n (from 0) of θ, in float64: mean ← w + (θ − w)/(n + 1),
 * squares ← squares + (θ − w)(θ − mean), w the mean before (Welford 1962). Capture 0 is a copy, without deviations.
 */
export function swag(
  theta: ArrayLike<number>,
  before: { readonly mean: ArrayLike<number>; readonly squares: ArrayLike<number> },
  n: number,
): { mean: Float64Array; squares: Float64Array } {
  const mean = Float64Array.from(theta, (value, i) => {
    const w = before.mean[i] as number;
    return n === 0 ? value : w + (value - w) / (n + 1);
  });
  const squares = Float64Array.from(theta, (value, i) =>
    n === 0
      ? 0
      : (before.squares[i] as number) + (value - (before.mean[i] as number)) * (value - (mean[i] as number)),
  );
  return { mean, squares };
}
