import { expect, test } from 'vitest';
import { normal } from '../../src/data/normal.ts';
import { breakEven, lineMinimum } from '../../src/measure/lineMinimum.ts';

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

test('of a noisy quadratic break-even and minimum have a bias below half a per cent, whatever the phase of the grid', () => {
  // Each draw has a slope and a curvature of its own, as mini-batches have, and each ε some noise.
  const [slope, curvature, draws, seeds] = [1, 2, 400, 200];
  const optimum = slope / curvature;
  let [minima, zeros] = [0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    const rates = Array.from({ length: 13 }, (_, i) => optimum * 2 ** ((i - 6 + seed / seeds) / 2));
    const changes = rates.map((rate, e) => {
      let sum = 0;
      for (let k = 0; k < draws; k++) {
        const [a, b] = [slope + 0.5 * normal(seed, k, 0, 0), curvature * (1 + 0.3 * normal(seed, k, 1, 0))];
        sum += -rate * a + (rate ** 2 / 2) * b + 0.01 * normal(seed, k, 2 + e, 0);
      }
      return sum / draws;
    });
    minima += lineMinimum(rates, changes).rate / optimum / seeds;
    zeros += breakEven(rates, changes)! / (2 * optimum) / seeds;
  }
  console.info(`over the truth: minimum ${minima.toFixed(4)}, break-even ${zeros.toFixed(4)}`);
  // Their standard errors over the seeds are 0.2 %.
  expect(Math.abs(zeros - 1)).toBeLessThan(0.005);
  expect(Math.abs(minima - 1)).toBeLessThan(0.005);
});
