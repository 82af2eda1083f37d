import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { gaussianClustersBayes } from '../../src/data/synthetic/gaussianClusters.ts';
import { linearRegressionMoments, linearRegressionTruth } from '../../src/data/synthetic/linearRegression.ts';
import { type MarkovTextOptions, markovTextEntropy } from '../../src/data/synthetic/markovText.ts';
import {
  quadraticModel,
  quadraticMoments,
  quadraticStationaryVariance,
} from '../../src/data/synthetic/quadratic.ts';
import { teacherWeights } from '../../src/data/synthetic/teacherStudent.ts';
import { syntheticDataset, syntheticNames, syntheticOptions } from '../../src/data/synthetic.ts';
import { normal } from '../../src/random/normal.ts';

const options = <K extends string>(name: string) => syntheticOptions(name) as Record<K, number>;
const values = (dataset: Dataset): Float32Array => {
  if (dataset.targets.kind !== 'values') throw new Error('expected float targets');
  return dataset.targets.y;
};
const labels = (dataset: Dataset): Uint32Array => {
  if (dataset.targets.kind !== 'classes') throw new Error('expected classes');
  return dataset.targets.labels;
};

/** Mean gradient, tr Σ (divisor N − 1) and mean loss of Linear(d, k) with mse, [weight, bias] by output. */
function moments(dataset: Dataset, weight: ArrayLike<number>, bias?: ArrayLike<number>) {
  const y = values(dataset);
  const d = dataset.exampleShape[0] as number;
  const outputs = y.length / dataset.examples;
  const width = bias ? d + 1 : d;
  const sum = new Float64Array(outputs * width);
  let squares = 0;
  let loss = 0;
  for (let i = 0; i < dataset.examples; i++) {
    for (let k = 0; k < outputs; k++) {
      let error = (bias?.[k] ?? 0) - (y[i * outputs + k] as number);
      for (let j = 0; j < d; j++) error += (weight[k * d + j] as number) * (dataset.x[i * d + j] as number);
      loss += error ** 2 / outputs;
      for (let j = 0; j < width; j++) {
        const g = (2 / outputs) * error * (j < d ? (dataset.x[i * d + j] as number) : 1);
        sum[k * width + j] = (sum[k * width + j] as number) + g;
        squares += g * g;
      }
    }
  }
  const n = dataset.examples;
  const gradient = sum.map((value) => value / n);
  const gradNormSq = gradient.reduce((total, value) => total + value ** 2, 0);
  return { loss: loss / n, gradient, gradNormSq, traceCovariance: (squares - n * gradNormSq) / (n - 1) };
}

test('normal numbers have the moments of N(0, 1)', () => {
  const n = 100_000;
  const z = Array.from({ length: n }, (_, i) => normal(3, 0, i, 0));
  const moment = (power: number) => z.reduce((sum, value) => sum + value ** power, 0) / n;
  // Standard errors √(1/n), √(2/n), √(15/n), √(96/n); five of each.
  expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / n));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
  expect(z.every(Number.isFinite)).toBe(true);
});

test.each([
  ['with a bias', 0.4],
  ['without a bias', undefined],
])('moments of linear regression agree with sampling, %s', (_, biasError) => {
  const name = 'linear-regression?examples=200000&test=0&dims=4&noise=0.7&seed=9';
  const dataset = syntheticDataset(name);
  const { wStar, bStar } = linearRegressionTruth(options(name));
  const w = Array.from(wStar, (value, k) => value + [0.5, -0.3, 0.2, 0.1][k]!);
  // Without a bias the closed form supposes b* = 0: take it off the targets.
  if (biasError === undefined)
    values(dataset).forEach((y, i, all) => {
      all[i] = y - bStar;
    });
  const found = moments(dataset, w, biasError === undefined ? undefined : [bStar + biasError]);
  const expected = linearRegressionMoments(w, wStar, 0.7, biasError);
  expect(found.loss / expected.loss).toBeCloseTo(1, 1.6);
  expect(found.traceCovariance / expected.traceCovariance).toBeCloseTo(1, 1.6);
  expect(found.gradNormSq / expected.gradNormSq).toBeCloseTo(1, 1.6);
  expect(expected.bSimple).toBe(expected.traceCovariance / expected.gradNormSq);
  for (const k of [0, 1, 2, 3]) {
    const exact = 2 * (w[k]! - wStar[k]!);
    // Each coordinate's variance is at most tr Σ.
    expect(Math.abs(found.gradient[k]! - exact)).toBeLessThan(5 * Math.sqrt(expected.traceCovariance / 2e5));
  }
});

test('linear regression has its minimum where it says, in both splits', () => {
  const name = 'linear-regression?examples=5000&test=5000&noise=0.5';
  const dataset = syntheticDataset(name);
  const { wStar, bStar } = linearRegressionTruth(options(name));
  for (const split of [dataset, dataset.test!]) {
    // Var(z²) = 2: five standard errors of a mean over 5,000.
    expect(Math.abs(moments(split, wStar, [bStar]).loss - 0.25)).toBeLessThan(5 * 0.25 * Math.sqrt(2 / 5000));
  }
  expect(dataset.x.slice(0, 16)).not.toEqual(dataset.test!.x.slice(0, 16));
});

test('the quadratic has its moments exactly, on the file itself', () => {
  const name = 'quadratic?examples=100&dims=6&curvature=2.5&sigma=0.3&seed=4';
  const o = options<'examples' | 'dims' | 'curvature' | 'sigma' | 'seed'>(name);
  const theta = [1, -2, 0.5, 0.25, -0.125, 3];
  const found = moments(syntheticDataset(name), theta);
  const expected = quadraticMoments(theta, o);
  // Gradient of the mean: h·θ.
  theta.forEach((t, k) => {
    expect(found.gradient[k]).toBeCloseTo(2.5 * t, 5);
  });
  expect(found.traceCovariance / expected.traceCovariance).toBeCloseTo(1, 5);
  expect(found.gradNormSq / expected.gradNormSq).toBeCloseTo(1, 5);
  expect(found.loss / expected.loss).toBeCloseTo(1, 5);
  expect(quadraticModel(o).layers[0]).toMatchObject({ in_features: 1, out_features: 6, bias: false });
});

test.each([
  [0.1, 1, 4, 0, 0.01316],
  [0.1, 1, 4, 0.9, 0.1284],
  [1, 1, 4, 0, 0.25],
])(
  'stationary variance at rate %f, curvature %f, batch %i, momentum %f',
  (lr, curvature, batchSize, momentum, known) => {
    const variance = quadraticStationaryVariance({ lr, curvature, batchSize, momentum, sigma: 1 });
    expect(Math.abs(variance / known - 1)).toBeLessThan(1e-3);
  },
);

test('SGD on the quadratic settles at the stationary variance', () => {
  const [lr, batchSize, momentum] = [0.2, 4, 0.5];
  const centres = values(syntheticDataset('quadratic?examples=5000&dims=1')).map(
    (y) => y / Math.fround(Math.SQRT1_2),
  );
  let [theta, velocity, square] = [0, 0, 0];
  const steps = 100_000;
  for (let step = 0; step < steps; step++) {
    let gradient = 0;
    for (let j = 0; j < batchSize; j++) {
      // Any even mixing of the indices serves here.
      gradient += theta - centres[(Math.imul(step * batchSize + j, 0x9e3779b1) >>> 7) % 5000]!;
    }
    velocity = momentum * velocity + gradient / batchSize;
    theta -= lr * velocity;
    square += theta ** 2 / steps;
  }
  const expected = quadraticStationaryVariance({ lr, batchSize, momentum, curvature: 1, sigma: 1 });
  expect(square / expected).toBeGreaterThan(0.9);
  expect(square / expected).toBeLessThan(1.1);
});

test('the teacher has the noise as its loss', () => {
  const name = 'teacher-student?examples=4000&test=0&dims=5&hidden=3&outputs=2&noise=0.2&seed=6';
  const dataset = syntheticDataset(name);
  const teacher = teacherWeights(options(name));
  const [first, second, y] = [teacher.get('0.weight')!, teacher.get('2.weight')!, values(dataset)];
  let loss = 0;
  for (let i = 0; i < 4000; i++) {
    const hidden = [0, 1, 2].map((h) =>
      Math.tanh([0, 1, 2, 3, 4].reduce((sum, d) => sum + first[h * 5 + d]! * dataset.x[i * 5 + d]!, 0)),
    );
    for (const k of [0, 1]) {
      const output = hidden.reduce((sum, a, h) => sum + second[k * 3 + h]! * a, 0);
      loss += (output - y[i * 2 + k]!) ** 2 / 8000;
    }
  }
  expect(Math.abs(loss - 0.04)).toBeLessThan(5 * 0.04 * Math.sqrt(2 / 8000));
});

test('the Bayes classifier of two clusters errs as Φ says', () => {
  const name = 'gaussian-clusters?examples=20000&test=0&classes=2&dims=3&spread=1.5&seed=2';
  const dataset = syntheticDataset(name);
  const bayes = gaussianClustersBayes(options(name));
  const [weight, bias] = [bayes.get('0.weight')!, bayes.get('0.bias')!];
  let errors = 0;
  for (let i = 0; i < dataset.examples; i++) {
    const [a, b] = [0, 1].map((k) =>
      [0, 1, 2].reduce((sum, d) => sum + weight[k * 3 + d]! * dataset.x[i * 3 + d]!, bias[k]!),
    ) as [number, number];
    if ((b > a ? 1 : 0) !== labels(dataset)[i]) errors++;
  }
  const separation = Math.hypot(...[0, 1, 2].map((d) => (weight[d]! - weight[3 + d]!) * 1.5));
  // Φ(−separation/2), by midpoint integration of the normal density.
  let tail = 0;
  for (let t = separation / 2 + 5e-4; t < 10; t += 1e-3)
    tail += (1e-3 * Math.exp((-t * t) / 2)) / Math.sqrt(2 * Math.PI);
  expect(Math.abs(errors / 20000 - tail)).toBeLessThan(5 * Math.sqrt((tail * (1 - tail)) / 20000));
});

test('clusters are balanced, named and seeded', () => {
  const name = 'gaussian-clusters?examples=10&classes=4&dims=2&seed=1';
  const dataset = syntheticDataset(name);
  expect(dataset).toMatchObject({ name, exampleShape: [2], examples: 10, targets: { classes: 4 } });
  expect([...labels(dataset)]).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1]);
  expect(syntheticDataset(name)).toEqual(dataset);
  expect(syntheticDataset(name.replace('seed=1', 'seed=2')).x).not.toEqual(dataset.x);
  // More examples begin with the same ones.
  const longer = syntheticDataset(name.replace('examples=10', 'examples=20'));
  expect(longer.x.slice(0, 20)).toEqual(dataset.x);
});

test.each([
  [
    'quadratic?dimension=3',
    'quadratic?dimension=3: dimension: unknown option, expected examples, dims, curvature, sigma, seed',
  ],
  ['quadratic?dims=3&dims=4', 'dims: option given twice'],
  ['quadratic?dims=three', 'dims: is "three", expected an integer from 1 to 65536'],
  ['quadratic?dims=', 'dims: is "", expected an integer'],
  ['quadratic?dims=2.5', 'dims: is "2.5", expected an integer'],
  ['quadratic?examples=1', 'examples: is "1", expected an integer from 2'],
  ['quadratic?sigma=-1', 'sigma: is "-1", expected a number from 0'],
  ['quadratic?sigma=Infinity', 'sigma: is "Infinity", expected a number from 0'],
  ['quadratic?seed=4294967296', 'seed: is "4294967296", expected an integer from 0 to 4294967295'],
  ['quadratic?toString=1', 'toString: unknown option'],
  ['spirals', 'spirals: data: is no synthetic data set, expected gaussian-clusters'],
  ['toString', 'toString: data: is no synthetic data set'],
])('refuses %s', (name, message) => {
  expect(() => syntheticDataset(name)).toThrow(message);
});

test('every kind has usable defaults', () => {
  for (const name of syntheticNames()) {
    const { examples, x, exampleShape } = syntheticDataset(name);
    expect(x).toHaveLength(examples * (exampleShape[0] as number));
    expect((x as Float32Array).every(Number.isFinite)).toBe(true);
  }
});

/** How often each of `symbols`ᵏ runs of k symbols begins at the same place of the examples, as shares. */
function shares(runs: readonly (readonly number[])[], symbols: number): Map<string, number> {
  expect(runs.flat().every((symbol) => symbol < symbols)).toBe(true);
  const found = new Map<string, number>();
  for (const run of runs) found.set(run.join(), (found.get(run.join()) ?? 0) + 1 / runs.length);
  return found;
}
const entropyOf = (of: Map<string, number>): number =>
  [...of.values()].reduce((h, p) => h - p * Math.log(p), 0);

test('markov-text has the entropy that it says, from the first position on', () => {
  const name = 'markov-text?examples=20000&test=0&context=4&order=2&symbols=3&seed=5';
  const { x, examples, targets } = syntheticDataset(name);
  const y = labels({ targets } as Dataset);
  const texts = Array.from({ length: examples }, (_, i) => [...x.slice(4 * i, 4 * i + 4), y[4 * i + 3]!]);
  // Each target is the symbol after.
  expect(texts.every((text, i) => [0, 1, 2].every((t) => y[4 * i + t] === text[t + 1]))).toBe(true);
  const h = [1, 2, 3, 4].map((k) =>
    [0, 5 - k].map((from) =>
      entropyOf(
        shares(
          texts.map((text) => text.slice(from, from + k)),
          3,
        ),
      ),
    ),
  );
  const { rate, leastLoss } = markovTextEntropy(options<keyof MarkovTextOptions>(name));
  // Plug-in entropies of 20,000 draws: a standard error of about 0.005, and a bias below 27/40,000.
  const close = (found: number, expected: number) => expect(Math.abs(found - expected)).toBeLessThan(0.025);
  // Stationary: what comes last is distributed as what comes first.
  for (const [first, last] of h) close(first!, last!);
  close(h[2]![0]! - h[1]![0]!, rate);
  close(h[3]![0]! - h[2]![0]!, rate);
  // The first position sees one symbol of two.
  const second = h[1]![0]! - h[0]![0]!;
  expect(second).toBeGreaterThan(rate + 0.03);
  close((second + 3 * rate) / 4, leastLoss);
});

test('markov-text of order 0 is independent draws; too many transitions are refused', () => {
  const name = 'markov-text?examples=4000&test=0&context=5&order=0&symbols=4&contrast=1&seed=2';
  const { x } = syntheticDataset(name);
  const { rate, leastLoss } = markovTextEntropy(options<keyof MarkovTextOptions>(name));
  expect(leastLoss).toBeCloseTo(rate, 12);
  expect(
    Math.abs(
      entropyOf(
        shares(
          [...x].map((symbol) => [symbol]),
          4,
        ),
      ) - rate,
    ),
  ).toBeLessThan(0.02);
  // Without contrast all symbols are alike.
  const alike = options<keyof MarkovTextOptions>('markov-text?symbols=7&contrast=0');
  expect(markovTextEntropy(alike).rate).toBeCloseTo(Math.log(7), 12);
  expect(() => syntheticDataset('markov-text?symbols=256&order=3')).toThrow(
    'order: 256 symbols after 3 others make 4294967296 transitions, expected at most 4194304',
  );
});
