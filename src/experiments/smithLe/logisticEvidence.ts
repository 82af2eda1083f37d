/** Examples of two classes: x [examples, width], row-major, with a column of ones for the bias; signs +1 and −1. */
export interface Binary {
  readonly x: Float64Array;
  readonly signs: Float64Array;
  readonly width: number;
}

/** What a logistic regression with a Gaussian prior of precision λ comes to. */
export interface LogisticFit {
  readonly weights: Float64Array;
  /** Cross-entropy summed over the examples, with λ|ω|²/2, at its minimum. */
  readonly cost: number;
  /** ½ Σ ln(λᵢ/λ) over the eigenvalues λᵢ of the cost's Hessian, λ included: minus the logarithm of Occam's factor. */
  readonly halfLogDeterminant: number;
}

/** Newton's decrement, half of what one more step would gain, in nats: far below what evidence is told to. */
const ENOUGH = 1e-7;
const MOST_STEPS = 60;

/**
 * Minimises Σ ln(1 + exp(−sᵢ xᵢ·ω)) + λ|ω|²/2 by Newton's method with halved steps, in float64. Yields once a step, so that others
 * have their turn.
 * @param start ω to start from: that of the next larger λ
 * @throws RangeError where it does not converge
 */
export function* fitLogistic(
  data: Binary,
  lambda: number,
  start: Float64Array,
): Generator<void, LogisticFit, void> {
  const { width } = data;
  let weights = Float64Array.from(start);
  let cost = costOf(data, lambda, weights);
  for (let step = 0; step < MOST_STEPS; step++) {
    yield;
    const { gradient, hessian } = slopes(data, lambda, weights);
    const factor = choleskyInPlace(hessian, width);
    const direction = solveCholesky(factor, gradient, width);
    const decrement = direction.reduce((sum, value, j) => sum + value * gradient[j]!, 0);
    if (decrement / 2 < ENOUGH) {
      let halfLogDeterminant = 0;
      for (let j = 0; j < width; j++) halfLogDeterminant += Math.log(factor[j * width + j]!);
      return { weights, cost, halfLogDeterminant: halfLogDeterminant - (width / 2) * Math.log(lambda) };
    }
    for (let share = 1; ; share /= 2) {
      if (share < 1e-8) throw new RangeError(`no step lowers the cost at λ = ${lambda}`);
      const next = weights.map((value, j) => value - share * direction[j]!);
      const found = costOf(data, lambda, next);
      if (found > cost - 0.25 * share * decrement) continue;
      [weights, cost] = [next, found];
      break;
    }
  }
  throw new RangeError(`Newton's method took more than ${MOST_STEPS} steps at λ = ${lambda}`);
}

/** Mean cross-entropy of examples in nats, and the share that is told right. */
export function logisticScore(data: Binary, weights: Float64Array): { loss: number; accuracy: number } {
  const margins = marginsOf(data, weights);
  return {
    loss: margins.reduce((sum, margin) => sum + softplus(-margin), 0) / margins.length,
    accuracy: margins.filter((margin) => margin > 0).length / margins.length,
  };
}

/** sᵢ xᵢ·ω. */
function marginsOf({ x, signs, width }: Binary, weights: Float64Array): Float64Array {
  return signs.map((sign, i) => {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += x[i * width + j]! * weights[j]!;
    return sign * sum;
  });
}

function costOf(data: Binary, lambda: number, weights: Float64Array): number {
  const norm = weights.reduce((sum, value) => sum + value * value, 0);
  return marginsOf(data, weights).reduce((sum, margin) => sum + softplus(-margin), (lambda / 2) * norm);
}

/** ln(1 + eᶻ) without overflow. */
function softplus(z: number): number {
  return z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z));
}

/** Gradient, and the lower triangle of the Hessian Σ p(1 − p)xxᵀ + λI. */
function slopes(
  data: Binary,
  lambda: number,
  weights: Float64Array,
): { gradient: Float64Array; hessian: Float64Array } {
  const { x, signs, width } = data;
  const gradient = weights.map((value) => lambda * value);
  const hessian = new Float64Array(width * width);
  const margins = marginsOf(data, weights);
  const scaled = new Float64Array(width);
  for (let i = 0; i < signs.length; i++) {
    const wrong = 1 / (1 + Math.exp(margins[i]!));
    const curvature = wrong * (1 - wrong);
    for (let j = 0; j < width; j++) {
      const value = x[i * width + j]!;
      gradient[j]! -= wrong * signs[i]! * value;
      scaled[j] = curvature * value;
    }
    for (let j = 0; j < width; j++) {
      const value = scaled[j]!;
      if (value === 0) continue;
      for (let k = 0; k <= j; k++) hessian[j * width + k]! += value * x[i * width + k]!;
    }
  }
  for (let j = 0; j < width; j++) hessian[j * width + j]! += lambda;
  return { gradient, hessian };
}

/** L of LLᵀ in the lower triangle. @throws RangeError where the matrix is not positive definite */
function choleskyInPlace(a: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      if (i === j && !(sum > 0)) throw new RangeError('the Hessian is not positive definite');
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!;
    }
  }
  return a;
}

/** x of LLᵀx = b. */
function solveCholesky(factor: Float64Array, b: Float64Array, n: number): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= factor[i * n + k]! * x[k]!;
    x[i]! /= factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= factor[k * n + i]! * x[k]!;
    x[i]! /= factor[i * n + i]!;
  }
  return x;
}
