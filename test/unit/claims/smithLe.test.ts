import { describe, expect, test } from 'vitest';
import type { Experiment } from '../../../src/experiments/experiment.ts';
import { windowOf } from '../../../src/experiments/smithLe/batchCurves.ts';
import { collapseOnNoise } from '../../../src/experiments/smithLe/collapseOnNoise.ts';
import { fitLogistic, logisticScore } from '../../../src/experiments/smithLe/logisticEvidence.ts';
import { memorisation } from '../../../src/experiments/smithLe/memorisation.ts';
import { optimumByMomentum } from '../../../src/experiments/smithLe/optimumByMomentum.ts';
import { optimumByRate } from '../../../src/experiments/smithLe/optimumByRate.ts';
import { optimumBySize } from '../../../src/experiments/smithLe/optimumBySize.ts';
import { optimumInside } from '../../../src/experiments/smithLe/optimumInside.ts';
import { exactVariances, isotropicVariances } from '../../../src/experiments/smithLe/sdeStudy.ts';
import { sdeVariance } from '../../../src/experiments/smithLe/sdeVariance.ts';
import { shiftOf } from '../../../src/experiments/smithLe/shiftOf.ts';
import { pseudovalues } from '../../../src/measure/statistics/pseudovalues.ts';
import { normal } from '../../../src/random/normal.ts';
import { testPlantedCases } from './plantedCases.ts';

const CLAIMS: readonly Experiment[] = [
  memorisation,
  sdeVariance,
  optimumInside,
  optimumByRate,
  optimumBySize,
  optimumByMomentum,
  collapseOnNoise,
] as readonly Experiment[];

describe.each(CLAIMS.map((experiment) => [experiment.id, experiment] as const))('%s', (_, experiment) => {
  testPlantedCases(experiment, { cellPerUnit: false });
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

describe('the stationary law of least squares over signs', () => {
  const protocol = { ...sdeVariance.presets.standard, curvatures: [0.2, 0.5, 1], sigma: 0.7 };
  const setting = { lr: 0.3, momentum: 0.5, batchSize: 2 };

  test('is what a long run in float64 comes to', () => {
    const { curvatures, sigma } = protocol;
    const width = curvatures.length;
    const [theta, velocity, sum] = [
      new Float64Array(width),
      new Float64Array(width),
      new Float64Array(width),
    ];
    const steps = 200_000;
    const random = randomBits(17);
    for (let step = 0; step < steps; step++) {
      const gradient = new Float64Array(width);
      for (let b = 0; b < setting.batchSize; b++) {
        const x = curvatures.map((h) => (random() ? 1 : -1) * Math.sqrt(h));
        const residual = x.reduce((all, value, k) => all + value * theta[k]!, random() ? -sigma : sigma);
        for (let k = 0; k < width; k++) gradient[k]! += (residual * x[k]!) / setting.batchSize;
      }
      for (let k = 0; k < width; k++) {
        velocity[k] = setting.momentum * velocity[k]! + gradient[k]!;
        theta[k]! -= setting.lr * velocity[k]!;
        sum[k]! += theta[k]! ** 2;
      }
    }
    const exact = exactVariances(setting, protocol);
    // Four standard deviations of a variance of steps that remember (1 − m)/εh of them.
    for (const [k, h] of curvatures.entries()) {
      const error = Math.sqrt((2 * (1 - setting.momentum)) / (setting.lr * h) / steps);
      expect(Math.abs(sum[k]! / steps / exact[k]! - 1)).toBeLessThan(4 * Math.max(error, 0.004));
    }
  });

  test('is ε σ²/(2B(1 − m)) where steps are short, and isotropic noise makes flat directions wide', () => {
    const short = { lr: 1e-4, momentum: 0.5, batchSize: 2 };
    for (const variance of exactVariances(short, protocol)) {
      expect(variance / ((1e-4 * protocol.sigma ** 2) / (2 * 2 * 0.5))).toBeCloseTo(1, 3);
    }
    const [flat, , steep] = isotropicVariances(short, protocol);
    expect(flat! / steep!).toBeCloseTo(5, 2);
  });
});

/** Bits of xorshift32. */
function randomBits(seed: number): () => boolean {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state & 0x1000) !== 0;
  };
}

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
    expect(pseudovalues(4, mean).map((value) => Number(value!.toFixed(9)))).toEqual(values);
    expect(pseudovalues(3, () => null)).toEqual([null, null, null]);
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
