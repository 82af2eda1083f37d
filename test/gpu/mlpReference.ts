/** A multi-layer perceptron in float64 loops: mean softmax cross-entropy and its gradient, for comparison. */
export interface MlpReference {
  readonly widths: readonly number[];
  readonly activation: (z: number) => number;
  readonly derivative: (z: number) => number;
}

/** Weights [out, in] and biases, layer after layer: [W1, b1, W2, b2, …]. */
export type Parameters = readonly Float64Array[];

export function mlpLossAndGradient(
  { widths, activation, derivative }: MlpReference,
  parameters: Parameters,
  x: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): { losses: Float64Array; gradient: Float64Array[] } {
  const batch = labels.length;
  const layers = widths.length - 1;
  const gradient = parameters.map((p) => new Float64Array(p.length));
  const losses = new Float64Array(batch);
  for (let n = 0; n < batch; n++) {
    const inputs: Float64Array[] = [
      Float64Array.from({ length: widths[0]! }, (_, k) => x[n * widths[0]! + k]!),
    ];
    const pre: Float64Array[] = [];
    for (let l = 0; l < layers; l++) {
      const [rows, columns] = [widths[l + 1]!, widths[l]!];
      const z = Float64Array.from({ length: rows }, (_, i) => {
        let sum = parameters[2 * l + 1]![i]!;
        for (let k = 0; k < columns; k++) sum += parameters[2 * l]![i * columns + k]! * inputs[l]![k]!;
        return sum;
      });
      pre.push(z);
      inputs.push(l === layers - 1 ? z : z.map(activation));
    }
    const z = pre[layers - 1]!;
    const top = Math.max(...z);
    const total = z.reduce((sum, v) => sum + Math.exp(v - top), 0);
    losses[n] = top + Math.log(total) - z[labels[n]!]!;
    const weight = weights ? weights[n]! : 1 / batch;
    let delta = z.map((v, c) => weight * (Math.exp(v - top) / total - (c === labels[n] ? 1 : 0)));
    for (let l = layers - 1; l >= 0; l--) {
      const columns = widths[l]!;
      const back = new Float64Array(columns);
      delta.forEach((d, i) => {
        gradient[2 * l + 1]![i]! += d;
        for (let k = 0; k < columns; k++) {
          gradient[2 * l]![i * columns + k]! += d * inputs[l]![k]!;
          back[k]! += d * parameters[2 * l]![i * columns + k]!;
        }
      });
      if (l > 0) delta = back.map((d, k) => d * derivative(pre[l - 1]![k]!));
    }
  }
  return { losses, gradient };
}

/** Hessian of the mean loss times v, by central differences of the float64 gradient (error about 1e-9). */
export function mlpHessianProduct(
  model: MlpReference,
  parameters: Parameters,
  v: Parameters,
  x: ArrayLike<number>,
  labels: ArrayLike<number>,
): Float64Array[] {
  const h = 1e-5;
  const at = (sign: number): Float64Array[] => {
    const moved = parameters.map((p, i) => p.map((value, j) => value + sign * h * v[i]![j]!));
    return mlpLossAndGradient(model, moved, x, labels).gradient;
  };
  const [plus, minus] = [at(1), at(-1)];
  return plus.map((p, i) => p.map((value, j) => (value - minus[i]![j]!) / (2 * h)));
}
