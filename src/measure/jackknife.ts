/**
 * Standard error of a statistic by its values without each of N examples, or without each of N groups of equal size:
 * √((N − 1)/N Σ(θ₋ₙ − θ̄)²) (Efron & Stein 1981: on average not too small).
 * @returns null where a value is no finite number, or there is one only
 */
export function jackknife(leftOut: readonly number[]): number | null {
  const N = leftOut.length;
  const mean = leftOut.reduce((sum, value) => sum + value, 0) / N;
  const squares = leftOut.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = Math.sqrt(((N - 1) / N) * squares);
  return N > 1 && Number.isFinite(error) ? error : null;
}
