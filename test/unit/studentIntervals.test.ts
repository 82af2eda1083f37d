import { expect, test } from 'vitest';
import { chiSquaredTail } from '../../src/measure/statistics/chiSquaredTail.ts';
import { studentIntervals } from '../../src/measure/statistics/studentIntervals.ts';
import { normal } from '../../src/random/normal.ts';

test('one group is Student’s textbook interval, several share their variance', () => {
  // Mean 2, standard deviation 1, t(0.975; 2) = 4.302653.
  const [one] = studentIntervals([[1, 2, 3]]);
  expect(one!.value).toBe(2);
  expect(one!.interval[1]).toBeCloseTo(2 + 4.302653 / Math.sqrt(3), 5);
  // Sums of squares 2 + 8 on 4 degrees of freedom, t(0.975; 4) = 2.776445.
  const two = studentIntervals([
    [1, 2, 3],
    [8, 10, 12],
  ]);
  expect(two.map(({ value }) => value)).toEqual([2, 10]);
  for (const { value, interval } of two)
    expect(value - interval[0]!).toBeCloseTo(2.776445 * Math.sqrt(10 / 4 / 3), 5);
});

test('a value that is not finite leaves its mean unknown, and every interval open', () => {
  const found = studentIntervals([
    [1, 2, 3],
    [1, Number.NaN, 3],
  ]);
  expect(found).toEqual([
    { value: 2, interval: [null, null] },
    { value: Number.NaN, interval: [null, null] },
  ]);
});

test('over 200 samples three groups of three are held 90 to 99 % of the time', () => {
  let held = 0;
  for (let seed = 0; seed < 200; seed++) {
    const groups = [0, 1, 2].map((g) => [0, 1, 2].map((r) => 5 * g + normal(seed, g, r, 0)));
    studentIntervals(groups).forEach(({ interval: [low, high] }, g) => {
      if (low! <= 5 * g && high! >= 5 * g) held++;
    });
  }
  expect(held / 600).toBeGreaterThan(0.9);
  expect(held / 600).toBeLessThan(0.99);
});

test('tails of χ² against tables and closed forms', () => {
  // Two degrees: exp(−x/2). Four: (1 + x/2) exp(−x/2).
  for (const x of [0.01, 1, 5, 40]) {
    expect(chiSquaredTail(x, 2) / Math.exp(-x / 2)).toBeCloseTo(1, 12);
    expect(chiSquaredTail(x, 4) / ((1 + x / 2) * Math.exp(-x / 2))).toBeCloseTo(1, 12);
  }
  // Tables (Abramowitz & Stegun 1964, 26.8).
  expect(chiSquaredTail(3.84146, 1)).toBeCloseTo(0.05, 6);
  expect(chiSquaredTail(16.919, 9)).toBeCloseTo(0.05, 5);
  expect(chiSquaredTail(36.4151, 24)).toBeCloseTo(0.05, 5);
  expect(chiSquaredTail(149.449, 100)).toBeCloseTo(0.001, 6);
  expect(chiSquaredTail(0, 5)).toBe(1);
  expect(chiSquaredTail(Number.POSITIVE_INFINITY, 5)).toBe(0);
  expect(chiSquaredTail(Number.NaN, 5)).toBeNaN();
  expect(() => chiSquaredTail(1, 0)).toThrow(RangeError);
});
