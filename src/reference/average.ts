/**
 * The average after capture n (from 0) of θ, in float64. SWA (Izmailov et al. 2018, algorithm 1), where `decay` is
 * null: w + (θ − w)/(n + 1). EMA: w + (1 − decay)(θ − w). Capture 0 is a copy.
 */
export function average(
  theta: ArrayLike<number>,
  before: ArrayLike<number>,
  n: number,
  decay: number | null,
): Float64Array {
  if (n === 0) return Float64Array.from(theta);
  const weight = decay === null ? 1 / (n + 1) : 1 - decay;
  return Float64Array.from(before, (w, i) => w + weight * ((theta[i] as number) - w));
}
