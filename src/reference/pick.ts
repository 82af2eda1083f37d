type Shape = { outer: number; extent: number; inner: number };

/** y[o, i] = x[o, index[o, i], i]. x [outer, extent, inner], index [outer, inner] → [outer, inner]. */
export function pick(
  x: ArrayLike<number>,
  index: ArrayLike<number>,
  { outer, extent, inner }: Shape,
): Float64Array {
  return Float64Array.from({ length: outer * inner }, (_, out) => {
    const o = Math.floor(out / inner);
    return x[(o * extent + (index[out] as number)) * inner + (out % inner)] as number;
  });
}

/** y[o, r, i] = d[o, i] where r = index[o, i], else 0. d and index [outer, inner] → [outer, extent, inner]. */
export function spread(
  d: ArrayLike<number>,
  index: ArrayLike<number>,
  { outer, extent, inner }: Shape,
): Float64Array {
  const y = new Float64Array(outer * extent * inner);
  for (let out = 0; out < outer * inner; out++) {
    const o = Math.floor(out / inner);
    y[(o * extent + (index[out] as number)) * inner + (out % inner)] = d[out] as number;
  }
  return y;
}
