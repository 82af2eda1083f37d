import { expect, test } from 'vitest';
import { captures } from '../../src/optim/captureSteps.ts';
import { learningRates } from '../../src/optim/schedule.ts';

const rates = (...args: Parameters<typeof learningRates>): number[] =>
  Array.from(learningRates(...args), (rate) => Number(rate.toPrecision(6)));

test('constant, with warm-up from step 1', () => {
  expect(rates({ type: 'constant' }, 0.1, 3)).toEqual([0.1, 0.1, 0.1]);
  expect(rates({ type: 'constant', warmup: 4 }, 0.4, 6)).toEqual([0.1, 0.2, 0.3, 0.4, 0.4, 0.4]);
});

test("PyTorch's StepLR and CosineAnnealingLR, in steps", () => {
  expect(rates({ type: 'step', step_size: 2, gamma: 0.1 }, 1, 5)).toEqual([1, 1, 0.1, 0.1, 0.01]);
  // torch 1.13: CosineAnnealingLR(SGD(lr=0.5), T_max=4, eta_min=0.1), one scheduler step after each optimizer step.
  expect(rates({ type: 'cosine', T_max: 4, eta_min: 0.1 }, 0.5, 5)).toEqual([
    0.5, 0.441421, 0.3, 0.158579, 0.1,
  ]);
});

test("warm restarts as PyTorch's CosineAnnealingWarmRestarts: periods of T_0, T_0·T_mult, …", () => {
  // By its documentation's formula, η_min + (base − η_min)(1 + cos(π T_cur/T_i))/2.
  const restarts = { type: 'cosine_restarts', T_0: 2, T_mult: 2, eta_min: 0.1 } as const;
  expect(rates(restarts, 0.5, 8)).toEqual([0.5, 0.3, 0.5, 0.441421, 0.3, 0.158579, 0.5, 0.484776]);
  expect(rates({ ...restarts, T_mult: 1 }, 0.5, 5)).toEqual([0.5, 0.3, 0.5, 0.3, 0.5]);
  const onePeriod = { type: 'cosine', T_max: 7, eta_min: 0.1 } as const;
  expect(learningRates({ ...restarts, T_0: 7 }, 0.5, 7)).toEqual(learningRates(onePeriod, 0.5, 7));
  expect(rates({ ...restarts, warmup: 4 }, 0.5, 3)).toEqual([0.125, 0.15, 0.375]);
});

test('SWA: the base rate, then constant or cyclic as in the paper', () => {
  const base = { type: 'swa', start: 2, cycle: 3, alpha1: 0.3, alpha2: 0.0 } as const;
  expect(rates({ ...base, kind: 'constant' }, 1, 4)).toEqual([1, 1, 0.3, 0.3]);
  expect(rates({ ...base, kind: 'cyclic' }, 1, 8)).toEqual([1, 1, 0.2, 0.1, 0, 0.2, 0.1, 0]);
});

test('a table is taken as it is, and must be long enough', () => {
  expect(rates({ type: 'table', values: [3, 2, 1] }, 9, 2)).toEqual([3, 2]);
  expect(() => learningRates({ type: 'table', values: [1] }, 9, 2)).toThrow(/1 rates, expected at least 2/);
});

test('captures: from start on, every so many steps', () => {
  const steps = Array.from({ length: 12 }, (_, i) => i + 1);
  expect(steps.filter((step) => captures({ start: 4, every: 3 }, step))).toEqual([4, 7, 10]);
});
