/** factor·(diag p − p pᵀ) v for each row in float64. p and v [rows, classes]. */
export function softmaxJacobian(
  p: ArrayLike<number>,
  v: ArrayLike<number>,
  { rows, classes }: { rows: number; classes: number },
  factor = 1,
): Float64Array {
  const out = new Float64Array(rows * classes);
  for (let n = 0; n < rows; n++) {
    let along = 0;
    for (let c = 0; c < classes; c++) along += p[n * classes + c]! * v[n * classes + c]!;
    for (let c = 0; c < classes; c++) {
      out[n * classes + c] = factor * p[n * classes + c]! * (v[n * classes + c]! - along);
    }
  }
  return out;
}
