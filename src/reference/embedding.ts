/** y[m] = table[index[m]]. table [entries, width], index [rows] → [rows, width]. */
export function embedding(table: ArrayLike<number>, index: ArrayLike<number>, width: number): Float64Array {
  const y = new Float64Array(index.length * width);
  for (let m = 0; m < index.length; m++) {
    for (let k = 0; k < width; k++) y[m * width + k] = table[(index[m] as number) * width + k] as number;
  }
  return y;
}

/** y[v] = Σ d[m] over the rows m with index[m] = v, in float64. d [rows, width], index [rows] → [entries, width]. */
export function embeddingGradient(
  d: ArrayLike<number>,
  index: ArrayLike<number>,
  { entries, width }: { entries: number; width: number },
): Float64Array {
  const y = new Float64Array(entries * width);
  for (let m = 0; m < index.length; m++) {
    for (let k = 0; k < width; k++) {
      const at = (index[m] as number) * width + k;
      y[at] = (y[at] as number) + (d[m * width + k] as number);
    }
  }
  return y;
}
