/** 1 for each row of z [rows, classes] whose first largest entry is its label's, else 0; a NaN is larger than every number. */
export function correct(
  z: ArrayLike<number>,
  labels: ArrayLike<number>,
  { rows, classes }: { rows: number; classes: number },
): Float64Array {
  return Float64Array.from({ length: rows }, (_, n) => {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      const [v, largest] = [z[n * classes + c] as number, z[n * classes + best] as number];
      if (!Number.isNaN(largest) && (Number.isNaN(v) || v > largest)) best = c;
    }
    return best === labels[n] ? 1 : 0;
  });
}
