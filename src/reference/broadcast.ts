/** y[o, r, i] = x[o, i]: x [outer, inner] → [outer, repeated, inner]. */
export function broadcast(
  x: ArrayLike<number>,
  { outer, repeated, inner }: { outer: number; repeated: number; inner: number },
): Float64Array {
  const y = new Float64Array(outer * repeated * inner);
  for (let o = 0; o < outer; o++)
    for (let r = 0; r < repeated; r++)
      for (let i = 0; i < inner; i++) y[(o * repeated + r) * inner + i] = x[o * inner + i] as number;
  return y;
}
