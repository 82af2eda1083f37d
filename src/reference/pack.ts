/** Vectors at given offsets of a flat one of `length` elements, zeros between. */
export function pack(
  vectors: readonly ArrayLike<number>[],
  offsets: readonly number[],
  length: number,
): Float64Array {
  const flat = new Float64Array(length);
  vectors.forEach((vector, i) => {
    flat.set(vector, offsets[i]);
  });
  return flat;
}
