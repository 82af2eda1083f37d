/** 1 for each row of z [rows, classes] whose first largest entry is its label's, else 0. */
export function correct(
  z: ArrayLike<number>,
  labels: ArrayLike<number>,
  { rows, classes }: { rows: number; classes: number },
): Float64Array {
  return Float64Array.from({ length: rows }, (_, n) => {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((z[n * classes + c] as number) > (z[n * classes + best] as number)) best = c;
    }
    return best === labels[n] ? 1 : 0;
  });
}
