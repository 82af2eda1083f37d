import { expect, test } from 'vitest';
import { cycleWarning } from '../../src/optim/cycleWarning.ts';

const schedule = (cycle: number, kind: 'cyclic' | 'constant' = 'cyclic') => ({
  type: 'swa' as const,
  kind,
  start: 20,
  cycle,
  alpha1: 0.1,
  alpha2: 0.01,
});
const swa = (start: number, every: number) => ({ kind: 'swa' as const, start, every });

test('captures off the ends of cycles are told, and how', () => {
  expect(cycleWarning(swa(21, 5), schedule(5), 100)).toMatch(
    /no weights.*21, 26, ….*cycles of 5 .*20, 25, …/,
  );
  expect(cycleWarning(swa(20, 3), schedule(5), 100)).toMatch(/not all weights/);
  expect(cycleWarning(swa(15, 5), schedule(5), 100)).toMatch(/not all weights/);
  expect(cycleWarning({ ...swa(21, 5), kind: 'swag' }, schedule(5), 100)).toMatch(
    /no weights that SWAG averages/,
  );
  // A long way: 10⁹ captures are not walked through.
  expect(cycleWarning(swa(20, 1), schedule(2), 1e9)).toMatch(/not all/);
});

test('nothing is told of captures there, of constant rates, of EMA, or where the only capture is right', () => {
  expect(cycleWarning(swa(20, 5), schedule(5), 100)).toBeUndefined();
  expect(cycleWarning(swa(25, 10), schedule(5), 100)).toBeUndefined();
  expect(cycleWarning(swa(20, 3), schedule(5), 22)).toBeUndefined();
  expect(cycleWarning(swa(21, 3), schedule(5, 'constant'), 100)).toBeUndefined();
  expect(cycleWarning({ ...swa(21, 3), kind: 'ema', decay: 0.9 }, schedule(5), 100)).toBeUndefined();
  expect(cycleWarning(swa(21, 3), { type: 'constant' }, 100)).toBeUndefined();
  expect(cycleWarning(undefined, schedule(5), 100)).toBeUndefined();
});
