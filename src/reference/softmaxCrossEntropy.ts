/**
 * loss[n] = log Σ_c exp z[n, c] − z[n, yₙ] and gradient[n, c] = wₙ·(softmax(z)[n, c] − [c = yₙ]) in float64.
 * z [rows, classes], labels [rows]. Without labels the loss is none and the gradient wₙ·softmax(z).
 * @param weights wₙ, 1 where none are given
 */
export function softmaxCrossEntropy(
  z: ArrayLike<number>,
  labels: ArrayLike<number> | null,
  { rows, classes }: { rows: number; classes: number },
  weights?: ArrayLike<number>,
): { loss: Float64Array; gradient: Float64Array } {
  const loss = new Float64Array(rows);
  const gradient = new Float64Array(rows * classes);
  for (let n = 0; n < rows; n++) {
    const row = Array.from({ length: classes }, (_, c) => z[n * classes + c] as number);
    const top = Math.max(...row);
    const total = row.reduce((sum, value) => sum + Math.exp(value - top), 0);
    const label = labels ? (labels[n] as number) : -1;
    if (labels) loss[n] = top - (row[label] as number) + Math.log(total);
    row.forEach((value, c) => {
      const weight = weights ? (weights[n] as number) : 1;
      gradient[n * classes + c] = weight * (Math.exp(value - top) / total - (c === label ? 1 : 0));
    });
  }
  return { loss, gradient };
}
