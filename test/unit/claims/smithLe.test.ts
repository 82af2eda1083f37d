import { describe, expect, test } from 'vitest';
import type { Experiment } from '../../../src/experiments/experiment.ts';
import { byUnit, windowOf } from '../../../src/experiments/smithLe/batchCurves.ts';
import { collapseOnNoise } from '../../../src/experiments/smithLe/collapseOnNoise.ts';
import { fitLogistic, logisticScore } from '../../../src/experiments/smithLe/logisticEvidence.ts';
import { memorisation } from '../../../src/experiments/smithLe/memorisation.ts';
import { optimumByMomentum } from '../../../src/experiments/smithLe/optimumByMomentum.ts';
import { optimumByRate } from '../../../src/experiments/smithLe/optimumByRate.ts';
import { optimumBySize } from '../../../src/experiments/smithLe/optimumBySize.ts';
import { optimumInside } from '../../../src/experiments/smithLe/optimumInside.ts';
import { shiftOf } from '../../../src/experiments/smithLe/shiftOf.ts';
import { normal } from '../../../src/random/normal.ts';
import { requireJudgedRight } from './plantedClaims.ts';

const CLAIMS: readonly Experiment[] = [
  memorisation,
  optimumInside,
  optimumByRate,
  optimumBySize,
  optimumByMomentum,
  collapseOnNoise,
] as readonly Experiment[];

describe.each(CLAIMS.map((experiment) => [experiment.id, experiment] as const))('%s', (_, experiment) => {
  test('judges planted evidence as it must', { timeout: 60_000 }, () => {
    requireJudgedRight(experiment);
  });

  test('finds its effect and not its controls in planted evidence, whose form is that of a file', () => {
    const { standard, quick } = experiment.presets;
    const planted = experiment.plant!('effect', standard, 3);
    for (const { evidence } of planted) {
      expect(experiment.evidence.parse(JSON.parse(JSON.stringify(evidence)))).toEqual(evidence);
    }
    const outcome = experiment.judge(planted, standard);
    expect(outcome.verdict, outcome.reason).toBe('reproduced');
    expect(outcome.controls.length).toBeGreaterThan(0);
    expect(outcome.controls.every(({ holds }) => holds)).toBe(true);
    expect(experiment.figure(outcome).panels.length).toBeGreaterThan(1);
    const few = experiment.judge(experiment.plant!('effect', quick, 3), quick);
    expect(experiment.figure(few).panels.length).toBeGreaterThan(1);
  });
});

describe('the cells of the batch-size curves', () => {
  test('are one for a setting that several claims share, and have all units', () => {
    const { standard } = optimumByRate.presets;
    const cells = optimumByRate.cells(standard);
    // Four ε and three m of one N, two more N.
    expect(new Set(cells.map(({ lr, momentum, examples }) => `${lr} ${momentum} ${examples}`)).size).toBe(9);
    expect(cells.reduce((sum, { units }) => sum + units, 0)).toBe(9 * standard.units);
    expect(optimumBySize.cells(standard)).toEqual(cells);
  });

  test('refuse a momentum of one, and a grid without an inside', () => {
    const { standard } = optimumByRate.presets;
    expect(() => optimumByRate.cells({ ...standard, momenta: [0, 1] })).toThrow('momenta');
    expect(() => optimumByRate.cells({ ...standard, batches: [2, 4] })).toThrow('batches');
  });
});

describe('how far curves are apart', () => {
  const curve = (x: number, s: number, noise = 0) => ({
    x,
    points: [2, 4, 8, 16, 32, 64].map((batch, b) => {
      const u = Math.log(batch) - s * x - 2;
      return {
        logB: Math.log(batch),
        y: 3 - u ** 2 + 0.1 * u ** 3 + x + noise * normal(5, 0, b, Math.round(9 * x)),
      };
    }),
  });

  test.each([-1, 0, 0.7, 1, 1.6])('is found on one grid: s = %s', (s) => {
    expect(shiftOf([0, 0.5, 1].map((x) => curve(x, s)))).toBeCloseTo(s, 2);
    expect(Math.abs(shiftOf([0, 0.5, 1].map((x) => curve(x, s, 0.02)))! - s)).toBeLessThan(0.1);
  });

  test('is not told of one curve, of too few points, or from outside of the range', () => {
    expect(shiftOf([curve(0, 1)])).toBeNull();
    expect(shiftOf([0, 1].map((x) => ({ x, points: curve(x, 1).points.slice(0, 2) })))).toBeNull();
    expect(shiftOf([0, 0.3].map((x) => curve(x, 9)))).toBeNull();
  });

  test('windows are around the best, without a gap', () => {
    expect(windowOf([0.1, 0.68, 0.7, 0.66, 0.2, 0.69], 0.05)).toEqual([1, 2, 3]);
    expect(windowOf([null, 0.7, null], 0.5)).toEqual([1]);
  });

  test('pseudovalues of a mean are its values', () => {
    const values = [1, 4, 7, 2];
    const mean = (kept: readonly number[]) => kept.reduce((sum, u) => sum + values[u]!, 0) / kept.length;
    expect(byUnit(4, mean).map((value) => Number(value!.toFixed(9)))).toEqual(values);
    expect(byUnit(3, () => null)).toEqual([null, null, null]);
  });
});

describe('logistic regression with a Gaussian prior', () => {
  const [examples, width] = [60, 5];
  const x = Float64Array.from({ length: examples * width }, (_, i) =>
    i % width === width - 1 ? 1 : normal(3, 0, Math.floor(i / width), i % width),
  );
  const signs = Float64Array.from({ length: examples }, (_, i) =>
    x[i * width]! + 0.5 * normal(3, 1, i, 0) > 0 ? 1 : -1,
  );
  const data = { x, signs, width };
  const fitted = (lambda: number) => {
    const fitting = fitLogistic(data, lambda, new Float64Array(width));
    let next = fitting.next();
    while (!next.done) next = fitting.next();
    return next.value;
  };
  const cost = (weights: ArrayLike<number>, lambda: number): number => {
    let sum = 0;
    for (let i = 0; i < examples; i++) {
      let z = 0;
      for (let j = 0; j < width; j++) z += x[i * width + j]! * weights[j]!;
      sum += Math.log1p(Math.exp(-signs[i]! * z));
    }
    for (let j = 0; j < width; j++) sum += (lambda / 2) * weights[j]! ** 2;
    return sum;
  };

  test.each([0.01, 1, 30])('is at its minimum, λ = %s: by differences', (lambda) => {
    const fit = fitted(lambda);
    expect(fit.cost).toBeCloseTo(cost(fit.weights, lambda), 9);
    for (let j = 0; j < width; j++) {
      const at = (by: number) =>
        cost(
          fit.weights.map((value, k) => value + (k === j ? by : 0)),
          lambda,
        );
      expect(Math.abs(at(1e-4) - at(-1e-4)) / 2e-4).toBeLessThan(1e-3);
    }
  });

  test('has the determinant of its Hessian: by second differences', () => {
    const lambda = 2;
    const { weights, halfLogDeterminant } = fitted(lambda);
    const h = 1e-3;
    const at = (j: number, k: number, a: number, b: number): number =>
      cost(
        weights.map((value, l) => value + (l === j ? a : 0) + (l === k ? b : 0)),
        lambda,
      );
    const hessian = Array.from({ length: width }, (_, j) =>
      Array.from(
        { length: width },
        (_, k) => (at(j, k, h, h) - at(j, k, h, -h) - at(j, k, -h, h) + at(j, k, -h, -h)) / (4 * h * h),
      ),
    );
    expect(2 * halfLogDeterminant).toBeCloseTo(Math.log(determinant(hessian)) - width * Math.log(lambda), 4);
  });

  test('tells what it was fitted to better than by guessing', () => {
    const { loss, accuracy } = logisticScore(data, fitted(0.1).weights);
    expect(loss).toBeLessThan(Math.LN2);
    expect(accuracy).toBeGreaterThan(0.8);
  });
});

function determinant(matrix: readonly (readonly number[])[]): number {
  if (matrix.length === 1) return matrix[0]![0]!;
  return matrix[0]!.reduce((sum, value, k) => {
    const minor = matrix.slice(1).map((row) => row.filter((_, column) => column !== k));
    return sum + (k % 2 === 0 ? 1 : -1) * value * determinant(minor);
  }, 0);
}
