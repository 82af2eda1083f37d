/**
 * Squared norms of each example's gradient of a dense layer, from the gradients themselves, in float64:
 * ‖δₙ xₙᵀ‖² and ‖δₙ‖². x [rows, inputs], delta [rows, outputs] → two of [rows].
 */
export function denseNorms(
  x: ArrayLike<number>,
  delta: ArrayLike<number>,
  { rows, inputs, outputs }: { rows: number; inputs: number; outputs: number },
): { weight: Float64Array; bias: Float64Array } {
  const weight = new Float64Array(rows);
  const bias = new Float64Array(rows);
  for (let n = 0; n < rows; n++) {
    for (let l = 0; l < outputs; l++) {
      const d = delta[n * outputs + l] as number;
      bias[n] = (bias[n] as number) + d * d;
      for (let k = 0; k < inputs; k++) {
        weight[n] = (weight[n] as number) + (d * (x[n * inputs + k] as number)) ** 2;
      }
    }
  }
  return { weight, bias };
}
