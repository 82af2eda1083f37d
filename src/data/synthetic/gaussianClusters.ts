import { normal } from '../../random/normal.ts';
import type { Dataset } from '../dataset.ts';
import { integer, type SyntheticKind, scale, seed, withTest } from './syntheticKind.ts';

export type GaussianClustersOptions = Record<
  'examples' | 'test' | 'classes' | 'dims' | 'spread' | 'seed',
  number
>;

const STREAM = { means: 0, points: 1 };
const NAME = 'gaussian-clusters';

/**
 * Classes around random means: x = μ_k + spread·N(0, I), μ_k ~ N(0, I), for class k = example mod classes.
 * The best classifier is linear, see gaussianClustersBayes.
 */
export const gaussianClusters: SyntheticKind<keyof GaussianClustersOptions> = {
  options: {
    examples: integer(2000, 1),
    test: integer(1000, 0),
    classes: integer(4, 2, 4096),
    dims: integer(16, 1, 65_536),
    spread: scale(2, 0),
    seed,
  },
  generate: (options) => {
    const means = classMeans(options);
    return withTest(options, (first, count) => draw(options, means, first, count));
  },
};

function draw(options: GaussianClustersOptions, means: Float64Array, first: number, count: number): Dataset {
  const { classes, dims, spread } = options;
  const x = new Float32Array(count * dims);
  const labels = Uint32Array.from({ length: count }, (_, i) => (first + i) % classes);
  for (let i = 0; i < count; i++) {
    const mean = (labels[i] as number) * dims;
    for (let d = 0; d < dims; d++) {
      x[i * dims + d] =
        (means[mean + d] as number) + spread * normal(options.seed, STREAM.points, first + i, d);
    }
  }
  return {
    name: NAME,
    x,
    exampleShape: [dims],
    targets: { kind: 'classes', labels, classes },
    examples: count,
  };
}

/** μ, row-major [classes, dims]. */
function classMeans({ classes, dims, seed }: GaussianClustersOptions): Float64Array {
  return Float64Array.from({ length: classes * dims }, (_, i) =>
    normal(seed, STREAM.means, Math.floor(i / dims), i % dims),
  );
}

/**
 * The Bayes classifier as the weights of Linear(dims, classes) under cross_entropy, by state-dict name. With equal
 * priors and covariance s²·I, log p(k|x) = x·μ_k/s² − |μ_k|²/(2s²) + const, so weight = μ/s², bias = −|μ_k|²/(2s²).
 * Its expected loss is the conditional entropy of the labels: no model has less. Needs spread > 0.
 */
export function gaussianClustersBayes(options: GaussianClustersOptions): Map<string, Float32Array> {
  const { classes, dims, spread } = options;
  const means = classMeans(options);
  const variance = spread ** 2;
  const weight = Float32Array.from(means, (mean) => mean / variance);
  const bias = Float32Array.from({ length: classes }, (_, k) => {
    const squares = means.subarray(k * dims, (k + 1) * dims).reduce((sum, mean) => sum + mean ** 2, 0);
    return -squares / (2 * variance);
  });
  return new Map([
    ['0.weight', weight],
    ['0.bias', bias],
  ]);
}
