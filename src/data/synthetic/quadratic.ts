import type { ModelSpec } from '../../nn/modelSpec.ts';
import { normal } from '../../random/normal.ts';
import type { GradientMoments } from './linearRegression.ts';
import { integer, type SyntheticKind, scale, seed } from './syntheticKind.ts';

export type QuadraticOptions = Record<'examples' | 'dims' | 'curvature' | 'sigma' | 'seed', number>;

const STREAM = { centres: 48 };
const NAME = 'quadratic';

/**
 * A noisy quadratic: example i has loss (h/2)|θ − cᵢ|², gradient h(θ − cᵢ) and Hessian h·I, with curvature h and
 * P = dims parameters.
 *
 * As a data set for mse: the model Linear(1, dims) without bias has outputs a·θ for x = a; with targets y = a·cᵢ its
 * loss is the mean over outputs (a²/P)|θ − cᵢ|², so a = √(hP/2) makes it the quadratic. See quadraticModel.
 *
 * The centres are normal, then shifted and scaled coordinate by coordinate to mean 0 and sample variance (σ/h)²,
 * divisor N − 1. So for this very file, not only on average (up to float32 rounding), the mean gradient is h·θ and each
 * of its P variances is σ²: see quadraticMoments. Sampling with replacement (order "iid") sees (N − 1)/N of σ².
 */
export const quadratic: SyntheticKind<keyof QuadraticOptions> = {
  options: {
    examples: integer(4096, 2),
    dims: integer(8, 1, 65_536),
    curvature: scale(1),
    sigma: scale(1, 0),
    seed,
  },
  generate: ({ examples, dims, curvature, sigma, seed }) => {
    const a = Math.fround(Math.sqrt((curvature * dims) / 2));
    const y = new Float32Array(examples * dims);
    const column = new Float64Array(examples);
    for (let d = 0; d < dims; d++) {
      for (let i = 0; i < examples; i++) column[i] = normal(seed, STREAM.centres, i, d);
      const mean = column.reduce((sum, value) => sum + value, 0) / examples;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (examples - 1);
      const factor = (a * sigma) / (curvature * Math.sqrt(variance));
      for (let i = 0; i < examples; i++) y[i * dims + d] = factor * ((column[i] as number) - mean);
    }
    return {
      name: NAME,
      x: new Float32Array(examples).fill(a),
      exampleShape: [1],
      targets: { kind: 'values', y, width: dims },
      examples,
    };
  },
};

/** The model that makes the data set a quadratic: its only tensor `0.weight` [dims, 1] is θ. */
export function quadraticModel({ dims }: Pick<QuadraticOptions, 'dims'>): ModelSpec {
  return { layers: [{ type: 'Linear', in_features: 1, out_features: dims, bias: false }], loss: 'mse' };
}

/**
 * Moments of the per-example gradient at θ, over the data set: |G|² = h²|θ|², tr Σ = Pσ², H = h·I, so
 * B_simple = B_noise = Pσ²/(h²|θ|²), ε_max = 1/h. The loss (h/2)(|θ|² + mean |c|²) has mean |c|² = (N − 1)/N·Pσ²/h².
 */
export function quadraticMoments(
  theta: ArrayLike<number>,
  { examples, dims, curvature, sigma }: Omit<QuadraticOptions, 'seed'>,
): GradientMoments {
  const theta2 = Array.from(theta).reduce((sum, value) => sum + value ** 2, 0);
  const gradNormSq = curvature ** 2 * theta2;
  const traceCovariance = dims * sigma ** 2;
  const centres2 = (((examples - 1) / examples) * traceCovariance) / curvature ** 2;
  return {
    loss: (curvature / 2) * (theta2 + centres2),
    gradNormSq,
    traceCovariance,
    bSimple: traceCovariance / gradNormSq,
    gHg: curvature * gradNormSq,
    traceHessianCovariance: curvature * traceCovariance,
    bNoise: traceCovariance / gradNormSq,
  };
}

/**
 * Variance of each coordinate of θ under SGD that has forgotten where it started, batches drawn with replacement:
 * ε σ²(1 + m) / (B h (1 − m)(2(1 + m) − εh)), for rate ε and momentum m. Without momentum B_simple at E|θ|² is then
 * B(2 − εh)/(εh) (McCandlish et al. 2018, appendix C, worked out exactly).
 */
export function quadraticStationaryVariance(options: {
  lr: number;
  momentum: number;
  batchSize: number;
  curvature: number;
  sigma: number;
}): number {
  const { lr, momentum, batchSize, curvature, sigma } = options;
  return (
    (lr * sigma ** 2 * (1 + momentum)) /
    (batchSize * curvature * (1 - momentum) * (2 * (1 + momentum) - lr * curvature))
  );
}
