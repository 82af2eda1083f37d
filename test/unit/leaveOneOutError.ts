/** √((N − 1)/N·Σ(θ₋ₙ − mean)²) of a statistic without each of N examples (Efron & Stein 1981), independently of the product's. */
export function leaveOneOutError(without: readonly number[]): number {
  const N = without.length;
  const mean = without.reduce((sum, value) => sum + value, 0) / N;
  return Math.sqrt(((N - 1) / N) * without.reduce((sum, value) => sum + (value - mean) ** 2, 0));
}
