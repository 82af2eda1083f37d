import { expect, test } from 'vitest';
import { measureSummary } from '../../src/cli/measureSummary.ts';
import { withoutNonFinite } from '../../src/measure/nonFinite.ts';

test('numbers that are not finite become null, and their keys are told', () => {
  const { result, keys } = withoutNonFinite({
    a: 1,
    b: Number.POSITIVE_INFINITY,
    list: [1, Number.NaN, 3],
    deep: { pairs: [{ value: Number.NaN, residual: 0 }], text: 'x', none: null },
  });
  expect(result).toEqual({
    a: 1,
    b: null,
    list: [1, null, 3],
    deep: { pairs: [{ value: null, residual: 0 }], text: 'x', none: null },
  });
  expect(keys).toEqual(['b', 'list (1 of 3)', 'deep.pairs.0.value']);
});

test('a measurement on a terminal is a line an estimate, with error and interval, and what is to be known', () => {
  const text = measureSummary({
    mode: 'train',
    examples: 64,
    ghostBatch: 4,
    units: 16,
    parameters: 30,
    loss: 0.5,
    gradNormSq: 0.25,
    perExampleLoss: Array.from({ length: 64 }, () => 0.5),
    traceCovariance: 2,
    traceCovarianceStderr: 0.125,
    traceCovarianceInterval: [1.75, 2.25],
    bSimple: 800,
    bSimpleStderr: 4000,
    bSimpleInterval: [90, null],
    gHg: 3,
    gHgStderr: null,
    gHgInterval: null,
    epsMax: null,
    epsMaxInterval: [null, null],
    hessian: {
      eigenvalues: [7, 6, 5, 4, 3, 2].map((value) => ({ value, residual: 0 })),
      trace: { value: 9, stderr: 0.5 },
    },
    gradientTests: { norm: { value: 0.5, stderr: 0.25 } },
    warnings: ['the order tells'],
  });
  const lines = text.split('\n').map((line) => line.replace(/ {2,}/g, '  ').trim());
  expect(lines[0]).toBe('64 examples in 16 units of 4, 30 parameters, train mode');
  expect(lines).toContain('tr Σ  2 ± 0.13  1.75 to 2.25');
  expect(lines).toContain('B_simple  800 ± 4000  at least 90');
  expect(lines).toContain('ḡᵀHḡ  3');
  expect(lines).toContain('ε_max  –  may be anything');
  expect(lines).toContain('largest of the Hessian  7, 6, 5, 4, 3, …');
  expect(lines).toContain('trace of the Hessian  9 ± 0.5');
  expect(lines).toContain('gradientTests.norm  0.5 ± 0.25');
  expect(lines).toContain('note: the order tells');
  expect(lines.length).toBeLessThan(25);
});
