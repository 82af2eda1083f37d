/**
 * Σ_r x[o, r, i], or Σ_r x[o, r, i]·w[o, r, i] where `w` is given, in float64. x and w [outer, reduced, inner] →
 * [outer, inner].
 */
export function sum(
  x: ArrayLike<number>,
  { outer, reduced, inner }: { outer: number; reduced: number; inner: number },
  w?: ArrayLike<number>,
): Float64Array {
  const y = new Float64Array(outer * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let total = 0;
      for (let r = 0; r < reduced; r++) {
        const at = (o * reduced + r) * inner + i;
        total += (x[at] as number) * (w ? (w[at] as number) : 1);
      }
      y[o * inner + i] = total;
    }
  }
  return y;
}
