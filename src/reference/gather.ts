/** The rows of a table [examples, width] at `indices`, each value divided by `divisor`: [indices.length, width]. */
export function gather(
  table: ArrayLike<number>,
  indices: ArrayLike<number>,
  width: number,
  divisor = 1,
): Float64Array {
  const rows = new Float64Array(indices.length * width);
  for (let b = 0; b < indices.length; b++) {
    for (let k = 0; k < width; k++) {
      rows[b * width + k] = (table[(indices[b] as number) * width + k] as number) / divisor;
    }
  }
  return rows;
}
