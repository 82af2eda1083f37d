/**
 * loss[n] = Σ_c y[n, c]·(log Σ_k exp z[n, k] − z[n, c]) and gradient[n, c] = (Σ_k y[n, k])·softmax(z)[n, c] − y[n, c] in
 * float64. z and y [rows, classes].
 */
export function softTargetCrossEntropy(
  z: ArrayLike<number>,
  y: ArrayLike<number>,
  { rows, classes }: { rows: number; classes: number },
): { loss: Float64Array; gradient: Float64Array } {
  const loss = new Float64Array(rows);
  const gradient = new Float64Array(rows * classes);
  for (let n = 0; n < rows; n++) {
    let top = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) top = Math.max(top, z[n * classes + c]!);
    let total = 0;
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      total += Math.exp(z[n * classes + c]! - top);
      sum += y[n * classes + c]!;
    }
    for (let c = 0; c < classes; c++) {
      const i = n * classes + c;
      loss[n]! += y[i]! * (Math.log(total) + top - z[i]!);
      gradient[i] = (sum * Math.exp(z[i]! - top)) / total - y[i]!;
    }
  }
  return { loss, gradient };
}
