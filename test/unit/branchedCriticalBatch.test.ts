import { expect, test } from 'vitest';
import {
  branchedCriticalBatch,
  crossing,
  largestKeepingUp,
  smoothedLoss,
} from '../../src/measure/statistics/branchedCriticalBatch.ts';
import { normal } from '../../src/random/normal.ts';

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

const at = (losses: readonly number[]) => losses.map((loss, i) => ({ factor: 2 ** i, loss }));

test('the largest factor that keeps up with all smaller ones', () => {
  expect(largestKeepingUp(at([1, 1.005, 1.009, 1.2]), 0.01)).toBe(4);
  expect(largestKeepingUp(at([1, 0.9, 0.95, 0.905]), 0.01)).toBe(8);
  expect(largestKeepingUp(at([1, 2, 3]), 0.01)).toBe(1);
  expect(largestKeepingUp(at([1, Number.POSITIVE_INFINITY]), 0.01)).toBe(1);
});

test('the crossing lies after the last factor that keeps up, in proportion', () => {
  expect(crossing(at([1, 1, 1.004, 1.028]), 0.01)).toBeCloseTo(2.25, 9);
  // Above the least so far, 0.9, not above the loss before.
  expect(crossing(at([1, 0.9, 0.95, 0.905, 0.925]), 0.01)).toBeCloseTo(3.25, 9);
  expect(crossing(at([1, 1.04]), 0.01)).toBeCloseTo(0.25, 9);
  expect(crossing(at([1, 1, 1]), 0.01)).toBe(2);
  expect(crossing(at([1, 1, Number.POSITIVE_INFINITY]), 0.01)).toBe(1);
});

test('a diverged branch never keeps up; seeds must go together; the end of the grid is told', () => {
  const options = { batchSize: 16, tolerance: 0.01 };
  const diverged = branchedCriticalBatch(
    [
      { factor: 1, losses: [1, 1] },
      { factor: 2, losses: [1, 1] },
      { factor: 4, losses: [1, 1] },
      { factor: 8, losses: [Number.NaN, Number.POSITIVE_INFINITY] },
      { factor: 16, losses: [Number.NaN, Number.NaN] },
    ],
    options,
  );
  expect(diverged).toMatchObject({ factor: 4, batchSize: 64, atLeast: false, atMost: false });
  // Both seeds alike: no scatter, but between 4 and 8 nothing is seen.
  expect(diverged.logFactorInterval).toEqual([2, 3]);
  expect(diverged.logFactorStderr).toBe(0);
  expect(branchedCriticalBatch([{ factor: 1, losses: [1] }], options)).toEqual({
    factor: 1,
    batchSize: 16,
    logFactor: 0,
    logFactorStderr: null,
    logFactorInterval: null,
    atLeast: true,
    atMost: true,
  });
  expect(() => branchedCriticalBatch([], options)).toThrow(RangeError);
});

test('seeds that all end at one factor still have an error, and eight of them Student’s interval', () => {
  // At 8 all seeds are far above what keeps up: the grid's factor is 4 in any resample.
  const branches = [0, 0, 0, 0.04].map((excess, i) => ({
    factor: 2 ** i,
    losses: Array.from({ length: 8 }, (_, s) => 1 + excess + 0.002 * normal(1, i, s, 0)),
  }));
  const { factor, logFactor, logFactorStderr, logFactorInterval } = branchedCriticalBatch(branches, {
    batchSize: 1,
    tolerance: 0.01,
  });
  expect(factor).toBe(4);
  expect(logFactorStderr).toBeGreaterThan(0);
  // t(0.975; 7).
  expect(logFactor - logFactorInterval![0]!).toBeCloseTo(2.3646 * logFactorStderr!, 3);
});

test('over 200 experiments of 8 seeds the interval holds the crossing 90 to 99 % of the time', () => {
  // Losses alike up to about k = 4, then rising: the seeds have a part in common over k, and one of their own.
  const factors = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
  const curve = (factor: number): number => 1 + 0.002 * Math.log2(factor) + 0.02 * (factor / 8) ** 1.5;
  const tolerance = 0.02;
  const exact = crossing(
    factors.map((factor) => ({ factor, loss: curve(factor) })),
    tolerance,
  );
  let [held, open] = [0, 0];
  const experiments = 200;
  for (let seed = 0; seed < experiments; seed++) {
    const branches = factors.map((factor, i) => ({
      factor,
      losses: Array.from(
        { length: 8 },
        (_, s) => curve(factor) + 0.05 * normal(seed, 100, s, 0) + 0.008 * normal(seed, i, s, 0),
      ),
    }));
    const [low, high] = branchedCriticalBatch(branches, { batchSize: 1, tolerance }).logFactorInterval!;
    if (low === null || high === null) open++;
    if ((low === null || low <= exact) && (high === null || high >= exact)) held++;
  }
  console.info(`log₂ k* of ${exact.toFixed(2)}: held in ${held} of ${experiments}, open in ${open}`);
  expect(held / experiments).toBeGreaterThan(0.9);
  expect(held / experiments).toBeLessThan(0.99);
});
