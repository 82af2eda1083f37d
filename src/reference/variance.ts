/**
 * Mean over r of x[o, r, i], and Σ_r (x[o, r, i] − mean)²/(reduced − correction), in float64 and in two passes. x [outer,
 * reduced, inner] → two of [outer, inner].
 */
export function variance(
  x: ArrayLike<number>,
  { outer, reduced, inner }: { outer: number; reduced: number; inner: number },
  correction: number,
): { variance: Float64Array; mean: Float64Array } {
  const result = { variance: new Float64Array(outer * inner), mean: new Float64Array(outer * inner) };
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = (r: number): number => x[(o * reduced + r) * inner + i] as number;
      let total = 0;
      for (let r = 0; r < reduced; r++) total += at(r);
      const mean = total / reduced;
      let squares = 0;
      for (let r = 0; r < reduced; r++) squares += (at(r) - mean) ** 2;
      result.mean[o * inner + i] = mean;
      result.variance[o * inner + i] = squares / (reduced - correction);
    }
  }
  return result;
}
