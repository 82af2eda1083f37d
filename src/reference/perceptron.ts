/** Some runs of one perceptron: ReLU between its layers, softmax cross-entropy, SGD as torch.optim.SGD has it. */
export interface PerceptronRuns {
  /** Inputs, hidden layers, classes. */
  readonly widths: readonly number[];
  readonly batch: number;
  readonly momentum: number;
  readonly replicas: number;
  /** [examples, inputs]. */
  readonly x: ArrayLike<number>;
  /** [examples], class indices. */
  readonly labels: ArrayLike<number>;
  /** ε of each run. */
  readonly rates: ArrayLike<number>;
  /** [steps, R, B], indices of examples. */
  readonly order: ArrayLike<number>;
  /** Of each layer, all runs' [R, out, in]. */
  readonly weights: readonly ArrayLike<number>[];
  /** [R, out]. */
  readonly biases: readonly ArrayLike<number>[];
}

/** The mean loss of each mini-batch before its step's update, of the first `steps` steps of one run, in float64. */
export function perceptronLosses(problem: PerceptronRuns, run: number, steps: number): Float64Array {
  const { widths, batch, momentum, replicas, x, labels, order } = problem;
  const rate = problem.rates[run]!;
  const part = (all: ArrayLike<number>): Float64Array => {
    const length = all.length / replicas;
    return Float64Array.from({ length }, (_, i) => all[run * length + i]!);
  };
  const layers = widths.slice(1).map((outputs, l) => {
    const [w, b] = [part(problem.weights[l]!), part(problem.biases[l]!)];
    return { inputs: widths[l]!, outputs, w, b, vw: w.map(() => 0), vb: b.map(() => 0) };
  });
  const losses = new Float64Array(steps);
  for (let step = 0; step < steps; step++) {
    const gradients = layers.map(({ w, b }) => ({ w: w.map(() => 0), b: b.map(() => 0) }));
    for (let n = 0; n < batch; n++) {
      const example = order[(step * replicas + run) * batch + n]!;
      const values = [
        Float64Array.from({ length: widths[0]! }, (_, k) => x[example * widths[0]! + k]!),
      ] as Float64Array[];
      layers.forEach(({ inputs, outputs, w, b }, l) => {
        const before = values[l]!;
        const z = Float64Array.from({ length: outputs }, (_, i) => {
          let sum = b[i]!;
          for (let k = 0; k < inputs; k++) sum += w[i * inputs + k]! * before[k]!;
          return l < layers.length - 1 ? Math.max(0, sum) : sum;
        });
        values.push(z);
      });
      const z = values.at(-1)!;
      const label = labels[example]!;
      const top = Math.max(...z);
      const total = z.reduce((sum, value) => sum + Math.exp(value - top), 0);
      losses[step]! += (top + Math.log(total) - z[label]!) / batch;
      let delta = z.map((value, c) => (Math.exp(value - top) / total - (c === label ? 1 : 0)) / batch);
      for (let l = layers.length - 1; l >= 0; l--) {
        const { inputs, w } = layers[l]!;
        const [before, gradient] = [values[l]!, gradients[l]!];
        const back = new Float64Array(inputs);
        delta.forEach((d, i) => {
          gradient.b[i]! += d;
          for (let k = 0; k < inputs; k++) {
            gradient.w[i * inputs + k]! += d * before[k]!;
            back[k]! += d * w[i * inputs + k]!;
          }
        });
        delta = back.map((d, k) => (before[k]! > 0 ? d : 0));
      }
    }
    layers.forEach(({ w, b, vw, vb }, l) => {
      descend(w, vw, gradients[l]!.w, rate, momentum);
      descend(b, vb, gradients[l]!.b, rate, momentum);
    });
  }
  return losses;
}

function descend(
  values: Float64Array,
  velocity: Float64Array,
  gradient: Float64Array,
  rate: number,
  momentum: number,
): void {
  for (let i = 0; i < values.length; i++) {
    velocity[i] = momentum * velocity[i]! + gradient[i]!;
    values[i]! -= rate * velocity[i]!;
  }
}
