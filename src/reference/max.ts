/**
 * The largest of x[o, r, i] over r and the first r that has it; the first NaN where there is one. x [outer, reduced, inner]
 * → two of [outer, inner].
 */
export function max(
  x: ArrayLike<number>,
  { outer, reduced, inner }: { outer: number; reduced: number; inner: number },
): { values: Float64Array; index: Uint32Array } {
  const values = new Float64Array(outer * inner);
  const index = new Uint32Array(outer * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = (r: number): number => x[(o * reduced + r) * inner + i] as number;
      let best = 0;
      for (let r = 1; r < reduced; r++) {
        if (!Number.isNaN(at(best)) && (Number.isNaN(at(r)) || at(r) > at(best))) best = r;
      }
      values[o * inner + i] = at(best);
      index[o * inner + i] = best;
    }
  }
  return { values, index };
}
