import { expect, test } from 'vitest';
import { hostIndices } from '../../src/data/sampler.ts';
import { type FiniteSampling, finiteDataNoise } from '../../src/measure/statistics/effectiveBatchSize.ts';
import { twoBatchNoise } from '../../src/measure/statistics/noiseScale.ts';
import { normal } from '../../src/random/normal.ts';
import { BatchSizes } from '../../src/train/batchSizes.ts';
import { stepSampling } from '../../src/train/stepSampling.ts';

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, d) => sum + v * b[d]!, 0);
const meanOf = (vectors: readonly (readonly number[])[]): number[] =>
  vectors[0]!.map((_, d) => vectors.reduce((sum, v) => sum + v[d]!, 0) / vectors.length);

/** |ḡ|² of a batch and the mean of |g_u|² over its sub-batches of b. */
function norms(batch: readonly (readonly number[])[], b: number): { small: number; big: number } {
  const mean = meanOf(batch);
  let small = 0;
  for (let u = 0; u < batch.length; u += b) {
    const unit = meanOf(batch.slice(u, u + b));
    small += (dot(unit, unit) * b) / batch.length;
  }
  return { small, big: dot(mean, mean) };
}

/** Every order of so many things. */
function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  return permutations(count - 1).flatMap((rest) =>
    Array.from({ length: count }, (_, at) => [...rest.slice(0, at), count - 1, ...rest.slice(at)]),
  );
}

test('a batch that reaches into the next epochs: the estimates are |G_N|² and tr S, averaged over all orders of both epochs', () => {
  const gradients = [
    [1, 2],
    [-1, 0.5],
    [0.25, -2],
    [3, 1],
  ];
  const N = gradients.length;
  const mean = meanOf(gradients);
  const trace = gradients.reduce((sum, g) => sum + dot(g, g) - dot(mean, mean), 0) / (N - 1);
  const orders = permutations(N);
  for (const [b, B, offset] of [
    [1, 3, 2],
    [2, 4, 3],
    [3, 6, 1],
    [1, 2, 3],
    [2, 6, 0],
  ] as const) {
    let [normSq, covariance, count] = [0, 0, 0];
    for (const first of orders) {
      for (const second of orders) {
        const stream = [...first, ...second].slice(offset, offset + B).map((i) => gradients[i]!);
        const { small, big } = norms(stream, b);
        const sampling = { examples: N, replacement: false, offset };
        const noise = finiteDataNoise(
          { batchSize: b, normSq: small },
          { batchSize: B, normSq: big },
          sampling,
        )!;
        normSq += noise.gradNormSqUnbiased;
        covariance += noise.traceCovariance;
        count++;
      }
    }
    expect(normSq / count, `b = ${b}, B = ${B} from ${offset}`).toBeCloseTo(dot(mean, mean), 10);
    expect(covariance / count, `b = ${b}, B = ${B} from ${offset}`).toBeCloseTo(trace, 10);
  }
});

test('whole epochs have no noise of their own, and one example none that could be told', () => {
  const at = (batchSize: number, normSq: number) => ({ batchSize, normSq });
  const sampling = { examples: 3, replacement: false, offset: 0 };
  expect(finiteDataNoise(at(1, 5), at(6, 2), sampling)!.gradNormSqUnbiased).toBe(2);
  expect(finiteDataNoise(at(1, 5), at(2, 5), { examples: 1, replacement: false, offset: 0 })).toBeNull();
  expect(() => finiteDataNoise(at(2, 5), at(2, 5), sampling)).toThrow(/2 and 2, expected 0 < b < B/);
});

test('Smith & Le’s N = 1,000 examples in shuffled batches: |G_N|² is told without bias where it is far below tr S/N', () => {
  const [N, B, dims, epochs] = [1000, 30, 64, 60];
  // Examples whose gradients nearly cancel: late in training.
  const drawn = Array.from({ length: N }, (_, i) =>
    Array.from({ length: dims }, (_, d) => normal(3, 0, i, d)),
  );
  const centre = meanOf(drawn);
  const gradients = drawn.map((g) => g.map((v, d) => v - centre[d]! + 0.01));
  const truth = dims * 0.01 ** 2;
  const trace = gradients.reduce((sum, g) => sum + dot(g, g) - truth, 0) / (N - 1);
  const batches = new BatchSizes([{ fromStep: 0, batchSize: B }]);
  const sampling = stepSampling({ sampling: 'shuffle', dataset: { examples: N } }, batches);
  const found: number[] = [];
  const nominal: number[] = [];
  for (let step = 0; step * B < epochs * N; step++) {
    const [epoch, offset] = [Math.floor((step * B) / N), (step * B) % N];
    const request = { mode: 'shuffle' as const, examples: N, batchSize: B, step, seed: 5, epoch, offset };
    const { small, big } = norms(
      [...hostIndices(request)].map((i) => gradients[i]!),
      1,
    );
    const sizes = [
      { batchSize: 1, normSq: small },
      { batchSize: B, normSq: big },
    ] as const;
    expect(sampling(step + 1)).toEqual({ examples: N, replacement: false, offset });
    found.push(finiteDataNoise(...sizes, sampling(step + 1)!)!.gradNormSqUnbiased);
    nominal.push(twoBatchNoise(...sizes).gradNormSqUnbiased);
  }
  const estimate = (values: readonly number[]) => {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    return { mean, stderr: Math.sqrt(squares / (values.length - 1) / values.length) };
  };
  const [own, naive] = [estimate(found), estimate(nominal)];
  console.info(
    `|G_N|² is ${truth.toExponential(2)}: found ${own.mean.toExponential(2)} ± ${own.stderr.toExponential(1)}, ` +
      `at nominal sizes ${naive.mean.toExponential(2)}; tr S/N is ${(trace / N).toExponential(2)}`,
  );
  expect(Math.abs(own.mean - truth)).toBeLessThan(3 * own.stderr);
  expect(Math.abs(naive.mean - (truth - trace / N))).toBeLessThan(3 * naive.stderr);
  expect(naive.mean).toBeLessThan(0);
  expect(own.stderr).toBeLessThan(trace / N / 4);
});

test('augmented examples: with replacement they are endless data, without neither size that is known is the effective one', () => {
  // Each of 3 examples comes out in 2 ways.
  const ways = [
    [
      [3, 1],
      [1, 1],
    ],
    [
      [0, 2],
      [0, -2],
    ],
    [
      [-1, 0],
      [2, 1],
    ],
  ] as const;
  const dataset = { examples: 3 };
  const batches = new BatchSizes([{ fromStep: 0, batchSize: 2 }]);
  const augmentation = { image: [1, 2, 2], shift: 1, flip: false } as const;
  const augmented = (sampling: 'shuffle' | 'iid') =>
    stepSampling({ sampling, dataset, augmentation }, batches)(1);
  const truth = meanOf(ways.flat().map((way) => [...way]));
  /** The mean of an estimate over every batch of two examples that may come, each in each of its ways. */
  const over = (replacement: boolean, of: (batch: number[][]) => number): number => {
    const found: number[] = [];
    for (const [a, first] of ways.entries())
      for (const [b, second] of ways.entries())
        for (const x of first)
          for (const y of second) if (replacement || a !== b) found.push(of([[...x], [...y]]));
    return found.reduce((sum, value) => sum + value, 0) / found.length;
  };
  const estimate = (sampling: FiniteSampling) => (batch: number[][]) => {
    const { small, big } = norms(batch, 1);
    const sizes = [
      { batchSize: 1, normSq: small },
      { batchSize: 2, normSq: big },
    ] as const;
    return finiteDataNoise(...sizes, sampling)!.gradNormSqUnbiased;
  };
  const endless = augmented('iid')!;
  expect(over(true, estimate(endless))).toBeCloseTo(dot(truth, truth), 12);
  // The covariance of the examples' own means is missing from a whole epoch, that of their ways is not.
  expect(augmented('shuffle')).toBeNull();
  expect(over(false, estimate(endless))).toBeLessThan(dot(truth, truth) - 0.1);
  const finite: FiniteSampling = { examples: 3, replacement: false, offset: 0 };
  expect(over(false, estimate(finite))).toBeGreaterThan(dot(truth, truth) + 0.1);
});

test('what is drawn before a step counts every batch size, and an order table says itself how it was drawn', () => {
  const dataset = { examples: 10 };
  const batches = new BatchSizes([
    { fromStep: 0, batchSize: 4 },
    { fromStep: 3, batchSize: 6 },
  ]);
  const stream = stepSampling({ sampling: 'sequential', dataset }, batches);
  expect([1, 2, 3, 4, 5, 6].map((step) => stream(step)!.offset)).toEqual([0, 4, 8, 2, 8, 4]);
  expect(stepSampling({ sampling: 'iid', dataset }, batches)(1)).toEqual({ examples: 10, replacement: true });
  const ofTable = (order: number[], batchSize: number): FiniteSampling =>
    stepSampling(
      { sampling: 'order', order: Uint32Array.from(order), dataset: { examples: 6 } },
      new BatchSizes([{ fromStep: 0, batchSize }]),
    )(2)!;
  // A change on the way holds for what comes after it.
  batches.change({ fromStep: 5, batchSize: 8 });
  expect([5, 6, 7, 8].map((step) => stream(step)!.offset)).toEqual([8, 4, 2, 0]);
  expect(ofTable([0, 1, 2, 3, 4, 5, 5, 4], 4)).toEqual({ examples: 6, replacement: false, offset: 4 });
  expect(ofTable([0, 1, 2, 3, 0, 1, 2, 3], 4)).toEqual({ examples: 6, replacement: false });
  expect(ofTable([0, 0, 2, 3, 0, 1, 2, 3], 4)).toEqual({ examples: 6, replacement: true });
});
