import { expect, test } from 'vitest';
import { normal } from '../../src/data/normal.ts';
import {
  branchedCriticalBatch,
  largestKeepingUp,
  smoothedLoss,
} from '../../src/measure/branchedCriticalBatch.ts';

test('the average weighs a loss half as much half a life later, and starts unbiased', () => {
  expect(smoothedLoss([3], 8, 64)).toBeCloseTo(3, 12);
  // α = 0.5 a step: weights 1/4, 1/2, 1 over their sum.
  expect(smoothedLoss([4, 2, 1], 64, 64)).toBeCloseTo((4 / 4 + 2 / 2 + 1) / (7 / 4), 12);
  const ramp = Array.from({ length: 64 }, (_, i) => i);
  // Twice the batch at half the steps sees the same curve over the examples.
  expect(
    Math.abs(
      smoothedLoss(ramp, 1, 8) -
        smoothedLoss(
          ramp.filter((i) => i % 2 === 1),
          2,
          8,
        ),
    ),
  ).toBeLessThan(0.7);
});

test('the largest factor that keeps up with all smaller ones', () => {
  const at = (losses: readonly number[]) => losses.map((loss, i) => ({ factor: 2 ** i, loss }));
  expect(largestKeepingUp(at([1, 1.005, 1.009, 1.2]), 0.01)).toBe(4);
  expect(largestKeepingUp(at([1, 0.9, 0.95, 0.905]), 0.01)).toBe(8);
  expect(largestKeepingUp(at([1, 2, 3]), 0.01)).toBe(1);
  expect(largestKeepingUp(at([1, Number.POSITIVE_INFINITY]), 0.01)).toBe(1);
});

test('a diverged branch never keeps up; seeds must go together; the end of the grid is told', () => {
  const options = { batchSize: 16, tolerance: 0.01, seed: 0 };
  const diverged = branchedCriticalBatch(
    [
      { factor: 1, losses: [1, 1] },
      { factor: 2, losses: [1, 1] },
      { factor: 4, losses: [0.5, Number.NaN] },
    ],
    options,
  );
  expect(diverged).toMatchObject({ factor: 2, batchSize: 32, atLeast: false, atMost: false });
  expect(branchedCriticalBatch([{ factor: 1, losses: [1] }], options)).toEqual({
    factor: 1,
    batchSize: 16,
    logFactorStderr: null,
    atLeast: true,
    atMost: true,
  });
  expect(() => branchedCriticalBatch([], options)).toThrow(RangeError);
});

test('the standard error over seeds is that of repeated experiments', () => {
  // L_k = 1 + 0.02·log₂ k + noise: k* is around where the excess passes the tolerance.
  const repeat = (seed: number) =>
    branchedCriticalBatch(
      Array.from({ length: 6 }, (_, i) => ({
        factor: 2 ** i,
        losses: Array.from({ length: 8 }, (_, s) => 1 + 0.02 * i + 0.04 * normal(seed, i, s, 0)),
      })),
      { batchSize: 1, tolerance: 0.03, seed },
    );
  const found = Array.from({ length: 200 }, (_, seed) => repeat(seed));
  const logs = found.map(({ factor }) => Math.log2(factor));
  const mean = logs.reduce((sum, v) => sum + v, 0) / logs.length;
  const spread = Math.sqrt(logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (logs.length - 1));
  const stated = found.reduce((sum, { logFactorStderr }) => sum + logFactorStderr!, 0) / found.length;
  console.info(`log₂ k*: ${mean.toFixed(2)}, spread ${spread.toFixed(2)}, stated ${stated.toFixed(2)}`);
  expect(stated / spread).toBeGreaterThan(0.7);
  expect(stated / spread).toBeLessThan(1.4);
});
