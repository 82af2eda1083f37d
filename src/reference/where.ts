/** x where the mask is not zero, y elsewhere. */
export function where(mask: ArrayLike<number>, x: ArrayLike<number>, y: ArrayLike<number>): Float64Array {
  return Float64Array.from(mask, (m, i) => (m === 0 ? y[i] : x[i]) as number);
}
