/** `elements` entries of x from `offset` on. */
export function take(x: ArrayLike<number>, elements: number, offset: number): Float64Array {
  return Float64Array.from({ length: elements }, (_, i) => x[offset + i] as number);
}
