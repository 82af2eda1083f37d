import { normal } from '../../random/normal.ts';
import type { Dataset } from '../dataset.ts';
import { integer, type SyntheticKind, scale, seed, withTest } from './syntheticKind.ts';

export type LinearRegressionOptions = Record<'examples' | 'test' | 'dims' | 'noise' | 'seed', number>;

const STREAM = { weight: 32, bias: 33, x: 34, noise: 35 };
const NAME = 'linear-regression';

/**
 * Noisy linear targets: x ~ N(0, I), y = x·w* + b* + noise·N(0, 1), w* ~ N(0, 1/dims), b* ~ N(0, 1), for a model
 * Linear(dims, 1) with mse. Its gradient's mean and covariance are known everywhere, see linearRegressionMoments.
 */
export const linearRegression: SyntheticKind<keyof LinearRegressionOptions> = {
  options: {
    examples: integer(2000, 1),
    test: integer(1000, 0),
    dims: integer(16, 1, 65_536),
    noise: scale(0.5, 0),
    seed,
  },
  generate: (options) => {
    const truth = linearRegressionTruth(options);
    return withTest(options, (first, count) => draw(options, truth, first, count));
  },
};

function draw(
  { dims, noise, seed }: LinearRegressionOptions,
  { wStar, bStar }: LinearRegressionTruth,
  first: number,
  count: number,
): Dataset {
  const x = new Float32Array(count * dims);
  const y = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let target = bStar + noise * normal(seed, STREAM.noise, first + i, 0);
    for (let d = 0; d < dims; d++) {
      x[i * dims + d] = normal(seed, STREAM.x, first + i, d);
      target += (x[i * dims + d] as number) * (wStar[d] as number);
    }
    y[i] = target;
  }
  return { name: NAME, x, exampleShape: [dims], targets: { kind: 'values', y, width: 1 }, examples: count };
}

export interface LinearRegressionTruth {
  wStar: Float32Array;
  bStar: number;
}

/** w* and b* of the data set with these options: the minimum, where the expected loss is noise². */
export function linearRegressionTruth({ dims, seed }: LinearRegressionOptions): LinearRegressionTruth {
  return {
    wStar: Float32Array.from({ length: dims }, (_, d) => normal(seed, STREAM.weight, 0, d) / Math.sqrt(dims)),
    bStar: Math.fround(normal(seed, STREAM.bias, 0, 0)),
  };
}

/** Moments of the per-example gradient over the distribution the data are drawn from (N → ∞). */
export interface GradientMoments {
  loss: number;
  /** |G|² of the true gradient G. */
  gradNormSq: number;
  /** tr Σ */
  traceCovariance: number;
  /** tr Σ / |G|²; infinite at the minimum. */
  bSimple: number;
  /** GᵀHG */
  gHg: number;
  /** tr(HΣ) */
  traceHessianCovariance: number;
  /** tr(HΣ) / GᵀHG; infinite at the minimum. */
  bNoise: number;
}

/**
 * Moments of g = ∂(w·x + b − y)²/∂(w, b) for x ~ N(0, I) in d dimensions and y = w*·x + b* + σz.
 *
 * With u = w − w*, β = b − b* and the error e = u·x + β − σz, g = 2e·(x, 1). Odd moments vanish, so
 *   E e² = |u|² + β² + σ²,             G = 2(u, β),
 *   E e²|x|² = (d + 2)|u|² + d(β² + σ²), by Isserlis: E[(u·x)² xxᵀ] = |u|²I + 2uuᵀ,
 *   tr Σ = 4 E[e²(|x|² + 1)] − |G|² = 4[(d + 2)|u|² + dβ² + (d + 1)σ²].
 * Without a bias there is neither the 1 nor β:
 *   tr Σ = 4 E[e²|x|²] − 4|u|² = 4[(d + 1)|u|² + dσ²].
 * The Hessian is 2I either way, so GᵀHG = 2|G|², tr(HΣ) = 2 tr Σ, and B_noise = B_simple.
 *
 * @param noise σ
 * @param biasError β of a model with a bias; left out: a model without one, and b* = 0
 */
export function linearRegressionMoments(
  w: ArrayLike<number>,
  wStar: ArrayLike<number>,
  noise: number,
  biasError?: number,
): GradientMoments {
  const d = w.length;
  let u2 = 0;
  for (let k = 0; k < d; k++) u2 += ((w[k] as number) - (wStar[k] as number)) ** 2;
  const noise2 = noise ** 2;
  const bias2 = (biasError ?? 0) ** 2;
  const gradNormSq = 4 * (u2 + bias2);
  const traceCovariance =
    biasError === undefined
      ? 4 * ((d + 1) * u2 + d * noise2)
      : 4 * ((d + 2) * u2 + d * bias2 + (d + 1) * noise2);
  const bSimple = traceCovariance / gradNormSq;
  return {
    loss: u2 + bias2 + noise2,
    gradNormSq,
    traceCovariance,
    bSimple,
    gHg: 2 * gradNormSq,
    traceHessianCovariance: 2 * traceCovariance,
    bNoise: bSimple,
  };
}
