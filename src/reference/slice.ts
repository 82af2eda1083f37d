/** y[o, r, i] = x[o, start + r, i], and 0 where x [outer, length, inner] has no such place; y [outer, extent, inner]. */
export function slice(
  x: ArrayLike<number>,
  { outer, length, inner }: { outer: number; length: number; inner: number },
  start: number,
  extent: number,
): Float64Array {
  const y = new Float64Array(outer * extent * inner);
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < extent; r++) {
      const from = start + r;
      if (from < 0 || from >= length) continue;
      for (let i = 0; i < inner; i++) {
        y[(o * extent + r) * inner + i] = x[(o * length + from) * inner + i] as number;
      }
    }
  }
  return y;
}
