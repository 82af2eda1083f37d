/** Mean and centred second moment of per-example gradients, flat: weight [L, K], bias [L]. */
export interface DenseMoments {
  gradient: Float64Array;
  variance: Float64Array;
  biasGradient: Float64Array;
  biasVariance: Float64Array;
}

/**
 * Per-example gradients of a linear layer, δ_b x_bᵀ and δ_b, for X [B, K] and D [B, L] (rows δ_b): their mean over b and
 * Σ_b (g_b − mean)², in float64 and two passes.
 */
export function denseMoments(
  x: ArrayLike<number>,
  d: ArrayLike<number>,
  { batch, inputs, outputs }: { batch: number; inputs: number; outputs: number },
): DenseMoments {
  const [gradient, variance] = moments(batch, outputs * inputs, (b, at) => {
    const l = Math.floor(at / inputs);
    return (d[b * outputs + l] as number) * (x[b * inputs + (at % inputs)] as number);
  });
  const [biasGradient, biasVariance] = moments(batch, outputs, (b, l) => d[b * outputs + l] as number);
  return { gradient, variance, biasGradient, biasVariance };
}

function moments(batch: number, size: number, value: (b: number, at: number) => number) {
  const mean = new Float64Array(size);
  const centred = new Float64Array(size);
  for (let at = 0; at < size; at++) {
    let sum = 0;
    for (let b = 0; b < batch; b++) sum += value(b, at);
    const average = sum / batch;
    let squares = 0;
    for (let b = 0; b < batch; b++) squares += (value(b, at) - average) ** 2;
    mean[at] = average;
    centred[at] = squares;
  }
  return [mean, centred] as const;
}
