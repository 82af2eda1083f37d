import { expect, test } from 'vitest';
import { jackknifeErrors } from '../../src/measure/statistics/jackknifeErrors.ts';
import { type GradientNoise, gradientNoise } from '../../src/measure/statistics/noiseScale.ts';
import { samplingCriteria } from '../../src/measure/statistics/samplingCriteria.ts';
import { studentQuantile } from '../../src/measure/statistics/studentQuantile.ts';
import { testsFromSpread } from '../../src/measure/statistics/testsFromSpread.ts';
import { unitSpread } from '../../src/measure/statistics/unitSpread.ts';
import { normal } from '../../src/random/normal.ts';

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, d) => sum + v * b[d]!, 0);
const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const meanVector = (gradients: readonly number[][]): number[] =>
  gradients[0]!.map((_, d) => mean(gradients.map((g) => g[d]!)));

/** Gradients about `signal` in each coordinate, of noise 1 in the first and less in the others. */
function draw(units: number, dims: number, signal: number, seed: number): number[][] {
  return Array.from({ length: units }, (_, u) =>
    Array.from({ length: dims }, (_, d) => signal + normal(seed, 0, u, d) / (1 + d / 2)),
  );
}

function noiseOf(gradients: readonly number[][], unitSize: number): GradientNoise {
  const average = meanVector(gradients);
  const away = gradients.map((g) => g.map((v, d) => v - average[d]!));
  const trace = (unitSize * away.reduce((sum, v) => sum + dot(v, v), 0)) / (gradients.length - 1);
  return gradientNoise(dot(average, average), trace, unitSize * gradients.length);
}

function spreadOf(gradients: readonly number[][]) {
  const average = meanVector(gradients);
  return unitSpread(
    gradients.map((g) => dot(g, g)),
    gradients.map((g) => dot(g, average)),
  );
}

/** √((U − 1)/U·Σ(θ₋ᵤ − mean)²) from the statistic of all units but one, each in turn. */
function leaveOneOut(gradients: readonly number[][], statistic: (rest: number[][]) => number): number {
  const each = gradients.map((_, u) => statistic(gradients.filter((_, v) => v !== u)));
  const centre = mean(each);
  const U = gradients.length;
  return Math.sqrt(((U - 1) / U) * each.reduce((sum, v) => sum + (v - centre) ** 2, 0));
}

for (const [units, unitSize] of [
  [3, 1],
  [33, 1],
  [20, 6],
] as const) {
  test(`errors of ${units} units of ${unitSize} are those of leaving each out in turn`, () => {
    const gradients = draw(units, 7, 0.8, units);
    const noise = noiseOf(gradients, unitSize);
    const found = jackknifeErrors(noise, spreadOf(gradients), { units, unitSize });
    const trace = leaveOneOut(gradients, (rest) => noiseOf(rest, unitSize).traceCovariance);
    const norm = leaveOneOut(gradients, (rest) => noiseOf(rest, unitSize).gradNormSqUnbiased);
    expect(found.traceCovarianceStderr! / trace).toBeCloseTo(1, 10);
    expect(found.gradNormSqUnbiasedStderr! / norm).toBeCloseTo(1, 10);
    // The ratio's is linearised about the whole batch: by its gradient in (tr Σ, |G|²), the rest held.
    const { traceCovariance: T, gradNormSqUnbiased: G } = noise;
    const ratio = leaveOneOut(gradients, (rest) => {
      const without = noiseOf(rest, unitSize);
      return without.traceCovariance / G - (T / G ** 2) * without.gradNormSqUnbiased;
    });
    expect(found.bSimpleStderr! / ratio).toBeCloseTo(1, 10);
  });
}

test('two units have no errors; a gradient that the batch cannot see has them, from the noise alone', () => {
  const two = draw(2, 5, 1, 1);
  expect(jackknifeErrors(noiseOf(two, 1), spreadOf(two), { units: 2, unitSize: 1 })).toEqual({
    traceCovarianceStderr: null,
    gradNormSqUnbiasedStderr: null,
    bSimpleStderr: null,
    inverseStderr: null,
  });
  // Their mean is 0, and so is each one's product with it.
  const opposed = [3, 2].flatMap((v) => [
    [v, 0],
    [-v, 0],
  ]);
  for (let i = 0; i < 6; i++) opposed.push([0, i % 2 ? 1 : -1]);
  const blind = noiseOf(opposed, 1);
  expect(blind.gradNormSqUnbiased).toBeLessThan(0);
  const found = jackknifeErrors(blind, spreadOf(opposed), { units: 10, unitSize: 1 });
  // |g_u|² is 9, 9, 4, 4 and six times 1: Σ(q_u − q̄)² = 97.6, over (U − 1)U².
  expect(found.gradNormSqUnbiasedStderr! ** 2).toBeCloseTo(97.6 / 900, 12);
  expect(found.inverseStderr).toBeGreaterThan(0);
  expect(found.bSimpleStderr! / (found.inverseStderr! * blind.bSimple! ** 2)).toBeCloseTo(1, 12);
});

for (const signal of [0, 0.02, 0.1, 0.5]) {
  test(`one batch's interval of B_simple covers in at least 180 of 200 batches of 32 with a signal of ${signal} a coordinate`, () => {
    const [batches, units, dims] = [200, 32, 6];
    const reach = studentQuantile(units - 1);
    const scales = Array.from({ length: dims }, (_, d) => 1 / (1 + d / 2) ** 2);
    const inverse = (dims * signal ** 2) / scales.reduce((sum, v) => sum + v, 0);
    let [covered, ofNorm] = [0, 0];
    for (let batch = 0; batch < batches; batch++) {
      const gradients = draw(units, dims, signal, 10_000 + batch);
      const noise = noiseOf(gradients, 1);
      const errors = jackknifeErrors(noise, spreadOf(gradients), { units, unitSize: 1 });
      const found = noise.gradNormSqUnbiased / noise.traceCovariance;
      covered += Number(Math.abs(found - inverse) <= reach * errors.inverseStderr!) / batches;
      const away = Math.abs(noise.gradNormSqUnbiased - dims * signal ** 2);
      ofNorm += Number(away <= reach * errors.gradNormSqUnbiasedStderr!) / batches;
    }
    console.info(
      `signal ${signal}: 1/B_simple ${(100 * covered).toFixed(1)} %, |G|² ${(100 * ofNorm).toFixed(1)} %`,
    );
    expect(covered).toBeGreaterThanOrEqual(0.9);
    expect(ofNorm).toBeGreaterThanOrEqual(0.9);
  });
}

for (const { signal, largest } of [
  { signal: 1, largest: 1.2 },
  { signal: 0, largest: 2 },
]) {
  test(`over 4,000 batches with a signal of ${signal} a coordinate, the mean squared error bar is at least the variance and at most ${largest} times it`, () => {
    const [batches, units, dims] = [4000, 32, 6];
    const all = Array.from({ length: batches }, (_, batch) => {
      const gradients = draw(units, dims, signal, batch);
      const noise = noiseOf(gradients, 1);
      return { noise, errors: jackknifeErrors(noise, spreadOf(gradients), { units, unitSize: 1 }) };
    });
    for (const [value, error] of [
      ['traceCovariance', 'traceCovarianceStderr'],
      ['gradNormSqUnbiased', 'gradNormSqUnbiasedStderr'],
    ] as const) {
      const centre = mean(all.map(({ noise }) => noise[value]));
      const variance = mean(all.map(({ noise }) => (noise[value] - centre) ** 2));
      const claimed = mean(all.map(({ errors }) => errors[error]! ** 2));
      console.info(
        `signal ${signal}: ${value}: claimed variance ${(claimed / variance).toFixed(3)} of the found`,
      );
      // The found variance has itself a relative error of about √(2/4000)·(a heavy tail's factor).
      expect(claimed / variance).toBeGreaterThan(0.93);
      expect(claimed / variance).toBeLessThan(1.07 * largest);
    }
  });
}

test('the tests from sums are those from every example', () => {
  const gradients = draw(17, 6, 0.4, 8);
  const average = meanVector(gradients);
  const noise = noiseOf(gradients, 1);
  const expected = samplingCriteria({ ...noise, dots: gradients.map((g) => dot(g, average)) });
  const found = testsFromSpread(noise, spreadOf(gradients), { units: 17, unitSize: 1 });
  for (const key of ['norm', 'innerProduct', 'orthogonality'] as const) {
    expect(found[key] / expected[key]).toBeCloseTo(1, 10);
  }
  // The same gradients as those of sub-batches of 4: the error of their mean is what it was.
  const grouped = testsFromSpread(noiseOf(gradients, 4), spreadOf(gradients), { units: 17, unitSize: 4 });
  for (const key of ['norm', 'innerProduct', 'orthogonality'] as const) {
    expect(grouped[key] / expected[key]).toBeCloseTo(1, 10);
  }
  expect(() => testsFromSpread(noise, spreadOf(gradients), { units: 1, unitSize: 17 })).toThrow(/1 units/);
});
