/** y + x. */
export function accumulate(y: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
  return Float64Array.from(y, (value, i) => value + (x[i] as number));
}
