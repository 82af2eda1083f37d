import { expect, test } from 'vitest';
import { sharpnessSummary } from '../../src/cli/sharpnessSummary.ts';
import { parseSharpnessSpec } from '../../src/jobs/sharpness/sharpnessSpec.ts';

test('a sharpness on a terminal is a line a box, then the steps, and what is to be known', () => {
  const box = { phi: 12.5, phiFirstOrder: 3, maximum: 0.75, evaluations: 21 };
  const text = sharpnessSummary({
    mode: 'eval',
    examples: 64,
    parameters: 30,
    loss: 0.5,
    gradNorm: 0.25,
    keskar: [
      { ...box, epsilon: 0.001, subspace: null, solver: 'sign-ascent' },
      { ...box, epsilon: 0.001, subspace: 5, solver: 'l-bfgs-b' },
    ],
    sam: { rho: 0.05, value: 0.125 },
    adaptive: { rho: 0.5, eta: 0, value: null },
    warnings: ['adaptive.value is null'],
  });
  expect(text.split('\n')).toEqual([
    '64 examples, 30 parameters, eval mode',
    '',
    '  loss 0.5, |∇f| 0.25',
    '',
    '                           φ     of first order  largest loss  by',
    '  ε = 0.001                12.5  3               0.75          sign-ascent',
    '  ε = 0.001, 5 dimensions  12.5  3               0.75          l-bfgs-b',
    '',
    '  SAM, ρ = 0.05: 0.125',
    '  ASAM, ρ = 0.5, η = 0: –',
    '',
    '  note: adaptive.value is null',
    '  φ in percent of 1 + loss, a lower bound. All of it: --json, or --out <file>; displacements: --tensors <file>.',
  ]);
});

test('a description of it is refused by the key, and what is left out has the defaults of the papers', () => {
  const files = { model: 'm', weights: 'w', data: 'd' };
  expect(parseSharpnessSpec(files)).toMatchObject({ epsilon: [1e-3, 5e-4], iterations: 10, rho: 0.05 });
  const refused = (change: object) => () => parseSharpnessSpec({ ...files, ...change });
  expect(refused({ epsilon: [] })).toThrow(/sharpness: epsilon: is \[\]: .*>=1/);
  expect(refused({ epsilon: [1e-3, 0] })).toThrow(/sharpness: epsilon\.1: is 0: .*>0/);
  expect(refused({ subspace: 0 })).toThrow(/sharpness: subspace: is 0: .*>0/);
  expect(refused({ eta: -1 })).toThrow(/sharpness: eta: is -1: .*>=0/);
  expect(refused({ seed: 2 ** 32 })).toThrow(/sharpness: seed: is 4294967296: /);
  expect(refused({ weights: undefined })).toThrow(/sharpness: weights: missing: /);
  expect(refused({ ghost_batch: 4 })).toThrow(
    /sharpness: top level: unknown key "ghost_batch", expected some of model, weights, data/,
  );
});
