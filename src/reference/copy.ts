/** y = x. */
export function copy(x: ArrayLike<number>): Float64Array {
  return Float64Array.from(x);
}
