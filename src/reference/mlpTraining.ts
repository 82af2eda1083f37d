/** A batch and a starting point for a perceptron with one hidden ReLU layer and softmax cross-entropy. */
export interface MlpProblem {
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly classes: number;
  /** ε of plain gradient descent. */
  readonly rate: number;
  /** [batch, inputs]. */
  readonly x: ArrayLike<number>;
  /** [batch], class indices. */
  readonly labels: ArrayLike<number>;
  /** [inputs, hidden], row-major. */
  readonly w1: ArrayLike<number>;
  /** [hidden]. */
  readonly b1: ArrayLike<number>;
  /** [hidden, classes], row-major. */
  readonly w2: ArrayLike<number>;
  /** [classes]. */
  readonly b2: ArrayLike<number>;
}

/**
 * Mean loss over the batch that the last of `steps` steps of gradient descent sees (before its own update), in float64.
 */
export function mlpTrainingLoss(problem: MlpProblem, steps: number): number {
  const { batch, inputs, hidden, classes, rate, labels } = problem;
  const x = Float64Array.from(problem.x);
  const w1 = Float64Array.from(problem.w1);
  const b1 = Float64Array.from(problem.b1);
  const w2 = Float64Array.from(problem.w2);
  const b2 = Float64Array.from(problem.b2);
  const h = new Float64Array(batch * hidden);
  const dz = new Float64Array(batch * classes);
  const da = new Float64Array(batch * hidden);
  let loss = 0;

  for (let step = 0; step < steps; step++) {
    loss = 0;
    for (let n = 0; n < batch; n++) {
      const a = h.subarray(n * hidden, (n + 1) * hidden);
      a.set(b1);
      for (let k = 0; k < inputs; k++)
        addScaled(a, x[n * inputs + k]!, w1.subarray(k * hidden, (k + 1) * hidden));
      for (let j = 0; j < hidden; j++) if (a[j]! < 0) a[j] = 0;

      const z = Float64Array.from(b2);
      for (let j = 0; j < hidden; j++) addScaled(z, a[j]!, w2.subarray(j * classes, (j + 1) * classes));
      const top = Math.max(...z);
      const total = z.reduce((sum, value) => sum + Math.exp(value - top), 0);
      loss += (top + Math.log(total) - z[labels[n]!]!) / batch;
      for (let c = 0; c < classes; c++) {
        const p = Math.exp(z[c]! - top) / total;
        dz[n * classes + c] = (p - (c === labels[n] ? 1 : 0)) / batch;
      }
      for (let j = 0; j < hidden; j++) {
        let d = 0;
        for (let c = 0; c < classes; c++) d += dz[n * classes + c]! * w2[j * classes + c]!;
        da[n * hidden + j] = a[j]! > 0 ? d : 0;
      }
    }
    for (let n = 0; n < batch; n++) {
      const dzn = dz.subarray(n * classes, (n + 1) * classes);
      const dan = da.subarray(n * hidden, (n + 1) * hidden);
      for (let j = 0; j < hidden; j++) {
        addScaled(w2.subarray(j * classes, (j + 1) * classes), -rate * h[n * hidden + j]!, dzn);
      }
      for (let k = 0; k < inputs; k++) {
        addScaled(w1.subarray(k * hidden, (k + 1) * hidden), -rate * x[n * inputs + k]!, dan);
      }
      addScaled(b2, -rate, dzn);
      addScaled(b1, -rate, dan);
    }
  }
  return loss;
}

/** y ← y + a·x. */
function addScaled(y: Float64Array, a: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i] = y[i]! + a * x[i]!;
}
