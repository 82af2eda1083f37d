import { expect, test } from 'vitest';
import { AgeMoments } from '../../src/measure/statistics/ageMoments.ts';
import { DiscountedRatio } from '../../src/measure/statistics/discountedRatio.ts';

test('moments by age are those of the whole history, summed anew', () => {
  const [discount, unit] = [0.9, 7];
  const moments = new AgeMoments(4, discount, unit);
  const values = Array.from({ length: 40 }, (_, i) => Math.sin(3 * i) + 2);
  for (const value of values) moments.add(value);
  for (let p = 0; p <= 4; p++) {
    const expected = values.reduce((sum, value, i) => {
      const age = values.length - 1 - i;
      return sum + discount ** age * (age / unit) ** p * value;
    }, 0);
    expect(moments.sums[p]! / expected, `order ${p}`).toBeCloseTo(1, 12);
  }
});

test('a ratio of two straight lines is read at its newest point, without lag, by least squares over all ages', () => {
  const fit = new DiscountedRatio(20);
  for (let i = 0; i < 3; i++) fit.add(1, 1);
  expect(fit.newest()).toBeNull();
  const line = new DiscountedRatio(20);
  for (let i = 0; i < 60; i++) line.add(100 - i, 10 - 0.15 * i);
  const { numerator, denominator, ratio, lag } = line.newest()!;
  expect(denominator).toBeCloseTo(41, 8);
  expect(numerator).toBeCloseTo(1.15, 8);
  expect(ratio).toBeCloseTo(1.15 / 41, 10);
  expect(Math.abs(lag)).toBeLessThan(1e-10);
});

test('of an exponential fall the fit is x² below the truth, x = rm/(1 − rm), and its lag says no less', () => {
  for (const [memory, rate] of [
    [16, 1 / 100],
    [32, 1 / 100],
    [16, 1 / 40],
  ] as const) {
    const fit = new DiscountedRatio(memory);
    // Ages in which a weight times what it weighs has become nothing.
    const last = 4000;
    for (let i = 0; i <= last; i++) fit.add(1, Math.exp(rate * (last - i)));
    const { ratio, lag } = fit.newest()!;
    // e^r − 1 for a share r a measurement, since it falls in steps.
    const x = (Math.expm1(rate) * (memory - 1)) / (1 - Math.expm1(rate) * (memory - 1));
    expect((ratio - 1) / -(x ** 2)).toBeCloseTo(1, 6);
    expect(lag / (-(x ** 2) * (1 + x))).toBeCloseTo(1, 6);
  }
});

test('the standard error is that of the weighted sum, whatever the scatter does in mid-stream', () => {
  // Alternating errors of ±s: half the squared difference of two neighbours is 2s².
  const [memory, count] = [10, 80];
  const fit = new DiscountedRatio(memory);
  const scatter = (i: number): number => (i < 60 ? 0.3 : 0.01);
  for (let i = 0; i < count; i++) fit.add(4, 8 + (i % 2 ? 1 : -1) * scatter(i));
  const ages = Array.from({ length: count }, (_, k) => k);
  const weights = ages.map((k) => (1 - 1 / memory) ** k);
  const moment = (p: number): number => weights.reduce((sum, w, k) => sum + w * k ** p, 0);
  const det = moment(0) * moment(2) - moment(1) ** 2;
  const c = ages.map((k) => (weights[k]! * (moment(2) - moment(1) * k)) / det);
  const variance = ages.reduce((sum, k) => {
    const i = count - 1 - k;
    const half = i === 0 ? 0 : (scatter(i) + scatter(i - 1)) ** 2 / 2;
    return sum + c[k]! ** 2 * half;
  }, 0);
  const squares = c.reduce((sum, v) => sum + v ** 2, 0);
  const { stderr, freedom } = fit.newest()!;
  expect(stderr / (Math.sqrt(variance) / 4)).toBeCloseTo(1, 6);
  expect(freedom / (squares ** 2 / c.reduce((sum, v) => sum + v ** 4, 0))).toBeCloseTo(1, 6);
});
