import { expect, test } from 'vitest';
import { breakEven, lineMinimum } from '../../src/measure/statistics/lineMinimum.ts';
import { normal } from '../../src/random/normal.ts';

test('a parabola’s minimum is found exactly from any three points around it; an end of the grid is a bound', () => {
  const f = (x: number): number => 3 * (x - 0.7) ** 2 - 1;
  const rates = [0.1, 0.5, 0.6, 1.4, 3];
  const { rate, change, censored } = lineMinimum(rates, rates.map(f));
  expect(rate).toBeCloseTo(0.7, 12);
  expect(change).toBeCloseTo(-1, 12);
  expect(censored).toBeNull();
  expect(lineMinimum([1, 2, 3], [f(1), f(2), f(3)])).toEqual({ rate: 1, change: f(1), censored: 'below' });
  expect(lineMinimum([0.1, 0.2, 0.3], [3, 2, 1])).toEqual({ rate: 0.3, change: 1, censored: 'above' });
});

test('a quadratic’s way back to zero is found exactly wherever the grid’s points lie, and null beyond the grid', () => {
  // −2ε + ε²/1.3, zero at 2.6.
  const f = (x: number): number => -2 * x + x ** 2 / 1.3;
  for (const rates of [
    [0.5, 1, 2, 4, 8],
    [0.1, 2.5, 2.7],
    [2.59, 9],
  ]) {
    expect(breakEven(rates, rates.map(f))).toBeCloseTo(2.6, 12);
  }
  expect(breakEven([1, 2], [f(1), f(2)])).toBeNull();
  expect(breakEven([1, 2, 4], [1, 2, 3])).toBeNull();
});

test('of noisy quadratics break-even and minimum have a bias below half a per cent, whatever the phase of the grid', () => {
  // Each draw has a slope and a curvature of its own, as mini-batches have, and each ε some noise.
  const [draws, seeds] = [100, 200];
  let [minima, zeros] = [0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    const factors = Array.from({ length: 13 }, (_, i) => 2 ** ((i - 6 + seed / seeds) / 2));
    const sums = factors.map(() => 0);
    let [slope, curvature] = [0, 0];
    for (let k = 0; k < draws; k++) {
      const [a, b] = [1 + 0.5 * normal(seed, k, 0, 0), 2 * (1 + 0.3 * normal(seed, k, 1, 0))];
      slope += a;
      curvature += b;
      factors.forEach((factor, e) => {
        const rate = factor / 2;
        sums[e]! += -rate * a + (rate ** 2 / 2) * b + 0.02 * normal(seed, k, 2 + e, 0);
      });
    }
    // Where the draws' own mean curve is least: what is left is the grid's and the noise's doing.
    const optimum = slope / curvature;
    const rates = factors.map((factor) => factor / 2);
    const mean = sums.map((sum) => sum / draws);
    minima += lineMinimum(rates, mean).rate / optimum / seeds;
    zeros += breakEven(rates, mean)! / (2 * optimum) / seeds;
  }
  console.info(`over the truth: minimum ${minima.toFixed(4)}, break-even ${zeros.toFixed(4)}`);
  // The chord of ΔL falls 2 % short.
  expect(Math.abs(zeros - 1)).toBeLessThan(0.005);
  expect(Math.abs(minima - 1)).toBeLessThan(0.005);
});
