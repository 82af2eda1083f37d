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

/** Parameters or a direction among them, as in MlpProblem. */
type MlpVector = Pick<MlpProblem, 'w1' | 'b1' | 'w2' | 'b2'>;

/** The mean over the batch of each example's squared gradient, in float64: flat, in the order w1, b1, w2, b2. */
export function mlpSecondMoments(problem: MlpProblem): Float64Array {
  const moments = new Float64Array(parameterCount(problem));
  for (let n = 0; n < problem.batch; n++) {
    exampleGradient(problem, n, null).gradient.forEach((g, i) => {
      moments[i] = moments[i]! + (g * g) / problem.batch;
    });
  }
  return moments;
}

/**
 * Mean gradient over the batch, and the variance Σₙ (gₙ − ḡ)²/(B − 1) of every coordinate of the examples' gradients, in
 * float64 (Welford 1962): flat, in the order w1, b1, w2, b2.
 */
export function mlpMoments(problem: MlpProblem): { mean: Float64Array; variance: Float64Array } {
  const mean = new Float64Array(parameterCount(problem));
  const variance = new Float64Array(mean.length);
  for (let n = 0; n < problem.batch; n++) {
    const { gradient } = exampleGradient(problem, n, null);
    for (let i = 0; i < mean.length; i++) {
      const step = gradient[i]! - mean[i]!;
      mean[i] = mean[i]! + step / (n + 1);
      variance[i] = variance[i]! + (step * (gradient[i]! - mean[i]!)) / (problem.batch - 1);
    }
  }
  return { mean, variance };
}

/**
 * The Hessian of the mean loss times v, in float64: the derivative of each example's gradient along v, by the rules of
 * forward differentiation (Pearlmutter 1994). Flat, in the order w1, b1, w2, b2.
 */
export function mlpHessianProduct(problem: MlpProblem, v: MlpVector): Float64Array {
  const product = new Float64Array(parameterCount(problem));
  for (let n = 0; n < problem.batch; n++) {
    addScaled(product, 1 / problem.batch, exampleGradient(problem, n, v).tangent);
  }
  return product;
}

function parameterCount({ inputs, hidden, classes }: MlpProblem): number {
  return inputs * hidden + hidden + hidden * classes + classes;
}

/** Gradient of the loss of example n, and its derivative along v (zero without one). */
function exampleGradient(
  problem: MlpProblem,
  n: number,
  v: MlpVector | null,
): { gradient: Float64Array; tangent: Float64Array } {
  const { inputs, hidden, classes, labels, w1, b1, w2, b2 } = problem;
  const input = Float64Array.from({ length: inputs }, (_, k) => problem.x[n * inputs + k]!);
  const [a, da] = affine(input, null, w1, b1, v?.w1, v?.b1);
  const active = a.map((value) => (value > 0 ? 1 : 0));
  const h = a.map((value, j) => value * active[j]!);
  const dh = da.map((value, j) => value * active[j]!);
  const [z, dz] = affine(h, dh, w2, b2, v?.w2, v?.b2);

  const top = Math.max(...z);
  const weights = z.map((value) => Math.exp(value - top));
  const total = weights.reduce((sum, value) => sum + value, 0);
  const p = weights.map((value) => value / total);
  const mean = p.reduce((sum, value, c) => sum + value * dz[c]!, 0);
  const delta = p.map((value, c) => value - (c === labels[n] ? 1 : 0));
  const dDelta = p.map((value, c) => value * (dz[c]! - mean));

  const back = new Float64Array(hidden);
  const dBack = new Float64Array(hidden);
  for (let j = 0; j < hidden; j++) {
    if (!active[j]) continue;
    for (let c = 0; c < classes; c++) {
      const at = j * classes + c;
      back[j]! += delta[c]! * w2[at]!;
      dBack[j]! += dDelta[c]! * w2[at]! + (v ? delta[c]! * v.w2[at]! : 0);
    }
  }
  return {
    gradient: joined([outer(input, back), back, outer(h, delta), delta]),
    tangent: joined([outer(input, dBack), dBack, sum(outer(h, dDelta), outer(dh, delta)), dDelta]),
  };
}

/** x dᵀ, row-major. */
function outer(x: Float64Array, d: Float64Array): Float64Array {
  const product = new Float64Array(x.length * d.length);
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < d.length; j++) product[i * d.length + j] = x[i]! * d[j]!;
  }
  return product;
}

function sum(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]!);
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** x·W + b, and its derivative along (dx, dW, db). */
function affine(
  x: Float64Array,
  dx: Float64Array | null,
  w: ArrayLike<number>,
  b: ArrayLike<number>,
  dw: ArrayLike<number> | undefined,
  db: ArrayLike<number> | undefined,
): [Float64Array, Float64Array] {
  const columns = b.length;
  const y = Float64Array.from(b);
  const dy = db ? Float64Array.from(db) : new Float64Array(columns);
  for (let k = 0; k < x.length; k++) {
    for (let j = 0; j < columns; j++) {
      const at = k * columns + j;
      y[j]! += x[k]! * w[at]!;
      dy[j]! += (dx ? dx[k]! * w[at]! : 0) + (dw ? x[k]! * dw[at]! : 0);
    }
  }
  return [y, dy];
}
