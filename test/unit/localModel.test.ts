import { expect, test } from 'vitest';
import { linearRegressionMoments } from '../../src/data/synthetic/linearRegression.ts';
import { quadraticMoments } from '../../src/data/synthetic/quadratic.ts';
import { effectiveBatchSize, finiteDataNoise } from '../../src/measure/statistics/effectiveBatchSize.ts';
import {
  breakEvenRate,
  expectedLossChange,
  type LocalModel,
  noiseScale,
  optimalGain,
  optimalRate,
} from '../../src/measure/statistics/localModel.ts';
import { sgdNoiseScale, temperature } from '../../src/measure/statistics/sgdNoise.ts';

test('on a noisy quadratic: ε_max = 1/h, B_noise = Pσ²/(h²|θ|²), half of both gains at B = B_noise', () => {
  const [dims, curvature, sigma] = [4, 2.5, 3];
  const theta = [1, -2, 0.5, 3];
  const model = quadraticMoments(theta, { examples: 100, dims, curvature, sigma });
  const theta2 = theta.reduce((sum, v) => sum + v * v, 0);
  const bNoise = noiseScale(model)!;
  expect(bNoise).toBeCloseTo((dims * sigma ** 2) / (curvature ** 2 * theta2), 12);
  expect(optimalRate(model)).toBeCloseTo(1 / curvature, 12);
  // The exact gradient's best step goes to the minimum: it gains (h/2)|θ|².
  expect(optimalGain(model)).toBeCloseTo((curvature / 2) * theta2, 12);
  expect(optimalRate(model, bNoise)).toBeCloseTo(0.5 / curvature, 12);
  expect(optimalGain(model, bNoise)).toBeCloseTo((curvature / 4) * theta2, 12);
  // E|θ − ε(hθ + noise)|² by hand.
  const [lr, batchSize] = [0.3, 7];
  const after = (1 - lr * curvature) ** 2 * theta2 + (lr ** 2 * dims * sigma ** 2) / batchSize;
  expect(expectedLossChange(model, lr, batchSize)).toBeCloseTo((curvature / 2) * (after - theta2), 12);
});

test('the optimum is the minimum of the expected loss, whose fall is its gain and which comes back to zero at 2ε_opt', () => {
  const model = linearRegressionMoments([0.5, -1], [0, 0], 0.7, 0.2);
  for (const batchSize of [1, 16, Number.POSITIVE_INFINITY]) {
    const lr = optimalRate(model, batchSize)!;
    const least = expectedLossChange(model, lr, batchSize);
    expect(least).toBeCloseTo(-optimalGain(model, batchSize)!, 12);
    for (const other of [0.9 * lr, 1.1 * lr]) {
      expect(expectedLossChange(model, other, batchSize)).toBeGreaterThan(least);
    }
    const breaksEven = breakEvenRate(model, batchSize)!;
    expect(breaksEven).toBe(2 * lr);
    expect(expectedLossChange(model, breaksEven, batchSize)).toBeCloseTo(0, 12);
    expect(expectedLossChange(model, 1.01 * breaksEven, batchSize)).toBeGreaterThan(0);
  }
  expect(optimalRate(model, 16)).toBeCloseTo(optimalRate(model)! / (1 + noiseScale(model)! / 16), 12);
});

test('a flat direction has no optimum, a concave one a negative', () => {
  const flat: LocalModel = { gradNormSq: 1, gHg: 0, traceHessianCovariance: 0 };
  for (const f of [noiseScale, optimalRate, optimalGain, breakEvenRate]) expect(f(flat)).toBeNull();
  expect(optimalRate({ ...flat, gHg: -2 })).toBe(-0.5);
});

/** Gradients of six examples in two coordinates. */
const GRADIENTS = [
  [1, 2],
  [0.5, -1],
  [2, 2.5],
  [-1, 0.25],
  [3, 1],
  [0, 4],
];
const normSq = (v: readonly number[]): number => v.reduce((sum, x) => sum + x * x, 0);
const meanOf = (rows: readonly (readonly number[])[]): number[] =>
  [0, 1].map((k) => rows.reduce((sum, g) => sum + g[k]!, 0) / rows.length);

/** E|ḡ_B|² over all batches of B, with or without replacement: every one of them counted. */
function expectedNormSq(batchSize: number, replacement: boolean): number {
  let [total, count] = [0, 0];
  const draw = (chosen: number[]): void => {
    if (chosen.length === batchSize) {
      total += normSq(meanOf(chosen.map((i) => GRADIENTS[i]!)));
      count++;
      return;
    }
    for (let i = 0; i < GRADIENTS.length; i++) {
      if (replacement || !chosen.includes(i)) draw([...chosen, i]);
    }
  };
  draw([]);
  return total / count;
}

test('batches from N examples: E|ḡ_B|² = |G_N|² + tr S/B′, counted over all batches, with and without replacement', () => {
  const N = GRADIENTS.length;
  const mean = meanOf(GRADIENTS);
  const trace = GRADIENTS.reduce((sum, g) => sum + normSq(g.map((x, k) => x - mean[k]!)), 0) / (N - 1);
  for (const replacement of [true, false]) {
    for (const batchSize of [1, 2, 3, 4]) {
      const effective = effectiveBatchSize(batchSize, N, { replacement });
      expect(expectedNormSq(batchSize, replacement)).toBeCloseTo(normSq(mean) + trace / effective, 12);
    }
  }
  expect(effectiveBatchSize(N, N, { replacement: false })).toBe(Number.POSITIVE_INFINITY);
  expect(() => effectiveBatchSize(7, 6, { replacement: false })).toThrow(/7 from 6 examples without/);
  expect(() => effectiveBatchSize(0, 6, { replacement: true })).toThrow(/expected more than 0/);
});

test('finite-data estimates are of the data set’s own gradient, for any two sizes, the whole set included', () => {
  const N = GRADIENTS.length;
  const mean = meanOf(GRADIENTS);
  const trace = GRADIENTS.reduce((sum, g) => sum + normSq(g.map((x, k) => x - mean[k]!)), 0) / (N - 1);
  const at = (batchSize: number) => ({ batchSize, normSq: expectedNormSq(batchSize, false) });
  for (const [b, B] of [
    [1, 2],
    [2, 4],
    [1, 6],
    [3, 6],
  ] as const) {
    const noise = finiteDataNoise(at(b), at(B), { examples: N, replacement: false })!;
    expect(noise.traceCovariance).toBeCloseTo(trace, 10);
    expect(noise.gradNormSqUnbiased).toBeCloseTo(normSq(mean), 10);
  }
});

test('g = ε(N/B − 1)/(1 − m), zero for the whole set; temperature ε/(B(1 − m))', () => {
  expect(sgdNoiseScale({ lr: 0.1, batchSize: 50, examples: 1000 })).toBeCloseTo(1.9, 12);
  expect(sgdNoiseScale({ lr: 0.1, batchSize: 50, examples: 1000, momentum: 0.9 })).toBeCloseTo(19, 11);
  expect(sgdNoiseScale({ lr: 0.1, batchSize: 1000, examples: 1000 })).toBe(0);
  expect(temperature({ lr: 0.1, batchSize: 64 })).toBe(0.1 / 64);
  // A gradient moves the weights by ε(1 − d)(1 + m + m² + …); the first step has no buffer to dampen.
  expect(temperature({ lr: 0.1, batchSize: 64, momentum: 0.9 })).toBeCloseTo(1 / 64, 14);
  expect(temperature({ lr: 0.1, batchSize: 64, momentum: 0.9, dampening: 0.5 })).toBeCloseTo(0.5 / 64, 14);
  expect(temperature({ lr: 0.1, batchSize: 64, dampening: 0.5 })).toBe(0.1 / 64);
  expect(temperature({ lr: 0.1, batchSize: 64, momentum: 1 })).toBe(Number.POSITIVE_INFINITY);
});
