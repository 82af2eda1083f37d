/** A perceptron with one activation, a batch, and where it stands in training. */
export interface PerceptronProblem {
  readonly batch: number;
  /** Inputs, then each layer's outputs. */
  readonly widths: readonly number[];
  readonly activation: 'none' | 'relu' | 'tanh' | 'sigmoid';
  readonly loss: 'crossEntropy' | 'squaredError';
  /** [batch, inputs]. */
  readonly x: ArrayLike<number>;
  /** Classes [batch], or values [batch, outputs]. */
  readonly targets: ArrayLike<number>;
  /** Each layer's weight [outputs, inputs] and bias [outputs]. */
  readonly layers: readonly { readonly weight: ArrayLike<number>; readonly bias: ArrayLike<number> }[];
}

const FUNCTIONS = {
  none: { value: (z: number) => z, slope: () => 1 },
  relu: { value: (z: number) => Math.max(0, z), slope: (y: number) => (y > 0 ? 1 : 0) },
  tanh: { value: Math.tanh, slope: (y: number) => 1 - y * y },
  sigmoid: { value: (z: number) => 1 / (1 + Math.exp(-z)), slope: (y: number) => y * (1 - y) },
};

/**
 * Each example's loss, softmax cross-entropy or the mean of the squared errors of its outputs, and the gradient of their mean by layer, in
 * float64.
 */
export function perceptronGradient({
  batch,
  widths,
  activation,
  loss,
  x,
  targets,
  layers,
}: PerceptronProblem): {
  losses: Float64Array;
  gradients: { weight: Float64Array; bias: Float64Array }[];
} {
  const last = layers.length - 1;
  const { value, slope } = FUNCTIONS[activation];
  const losses = new Float64Array(batch);
  const gradients = layers.map((_, l) => ({
    weight: new Float64Array(widths[l + 1]! * widths[l]!),
    bias: new Float64Array(widths[l + 1]!),
  }));
  for (let n = 0; n < batch; n++) {
    const given = [Float64Array.from({ length: widths[0]! }, (_, k) => x[n * widths[0]! + k]!)];
    for (const [l, { weight, bias }] of layers.entries()) {
      const next = Float64Array.from({ length: widths[l + 1]! }, (_, j) => {
        let z = bias[j]!;
        for (let k = 0; k < widths[l]!; k++) z += weight[j * widths[l]! + k]! * given[l]![k]!;
        return l < last ? value(z) : z;
      });
      given.push(next);
    }
    const z = given[last + 1]!;
    let delta: Float64Array;
    if (loss === 'crossEntropy') {
      const top = Math.max(...z);
      const total = z.reduce((sum, each) => sum + Math.exp(each - top), 0);
      const label = targets[n]!;
      losses[n] = top - z[label]! + Math.log(total);
      delta = z.map((each, c) => (Math.exp(each - top) / total - (c === label ? 1 : 0)) / batch);
    } else {
      const error = z.map((each, c) => each - targets[n * z.length + c]!);
      losses[n] = error.reduce((sum, each) => sum + each * each, 0) / z.length;
      delta = error.map((each) => (2 * each) / (z.length * batch));
    }
    for (let l = last; l >= 0; l--) {
      const { weight } = layers[l]!;
      const columns = widths[l]!;
      const below = new Float64Array(columns);
      for (const [j, d] of delta.entries()) {
        gradients[l]!.bias[j]! += d;
        for (let k = 0; k < columns; k++) {
          gradients[l]!.weight[j * columns + k]! += d * given[l]![k]!;
          below[k]! += d * weight[j * columns + k]!;
        }
      }
      delta = below.map((d, k) => d * slope(given[l]![k]!));
    }
  }
  return { losses, gradients };
}
