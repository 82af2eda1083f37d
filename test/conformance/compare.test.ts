// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareMeasure } from './compareMeasure.ts';
import { compareTrain } from './compareTrain.ts';
import { type Tensors, worstByKind, worstOf } from './deviation.ts';
import { readTensors } from './readTensors.ts';

const fixture = (path: string) => readFileSync(new URL(`../fixtures/cases/${path}`, import.meta.url));
const json = (path: string) => JSON.parse(fixture(path).toString());
const tensors = (path: string) => readTensors(fixture(path));

describe('compareMeasure', () => {
  const name = 'measure-tiny-variance';
  const expected = json(`${name}/expected.json`);
  const wanted = tensors(`${name}/expected.safetensors`);
  /** As a command prints it: five eigenvalues with their residuals, an exact trace. */
  const right = {
    ...expected,
    hessian: {
      eigenvalues: expected.hessian.eigenvalues
        .slice(0, 5)
        .map(({ value }: { value: number }) => ({ value, residual: 0 })),
      trace: { ...expected.hessian.trace, stderr: 0 },
    },
  };
  const worst = (result: Record<string, unknown>, found: Tensors = wanted) =>
    worstOf(compareMeasure(result, found, expected, wanted, true))!;

  it('finds no fault with the expected result', () => expect(worst(right).ratio).toBe(0));

  it.each([
    ['loss', 1.5e-4],
    ['gradNormSq', 1.5e-4],
    ['traceCovariance', 1.5e-3],
    ['bSimple', 4e-2],
  ])('refuses %s that is off by a relative %d', (key, error) => {
    const { ratio, key: found } = worst({ ...right, [key]: expected[key] * (1 + error) });
    expect(found).toBe(key);
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeLessThan(2);
  });

  it('refuses an eigenvalue that is off, one with a large residual, one that is missing, and a trace that is off', () => {
    const { eigenvalues, trace } = right.hessian;
    const [first, ...others] = eigenvalues;
    const changed = [
      { eigenvalues: [{ ...first, value: first.value * 1.003 }, ...others], trace },
      { eigenvalues: [{ ...first, residual: first.value * 0.003 }, ...others], trace },
      { eigenvalues: others, trace },
      { eigenvalues, trace: { ...trace, value: trace.value * 1.003 } },
    ];
    const keys = changed.map((hessian) => {
      const { key, ratio } = worst({ ...right, hessian });
      expect(ratio).toBeGreaterThan(1);
      return key;
    });
    expect(keys).toEqual(['eigenvalues.0', 'eigenvalues.0.residual', 'eigenvalues', 'trace']);
  });

  it.each([
    ['loss', null],
    ['bSimple', undefined],
    ['perExampleLoss', [1]],
    ['layers', {}],
  ])('refuses %s %j', (key, value) => expect(worst({ ...right, [key]: value }).ratio).toBe(Infinity));

  it('refuses a tensor with one wrong element, a NaN, or none', () => {
    for (const change of [
      (values: Float32Array) => (values[3]! *= 1.1),
      (values: Float32Array) => (values[3] = NaN),
    ]) {
      const found = new Map(wanted);
      const { shape, data } = wanted.get('gradVariance.0.weight')!;
      const changed = Float32Array.from(data);
      change(changed);
      found.set('gradVariance.0.weight', { shape, data: changed });
      expect(worst(right, found)).toMatchObject({ key: 'gradVariance.0.weight' });
      expect(worst(right, found).ratio).toBeGreaterThan(1);
    }
    const less = new Map(wanted);
    less.delete('grad.2.bias');
    expect(worst(right, less)).toMatchObject({ key: 'grad.2.bias', ratio: Infinity });
  });
});

describe('compareTrain', () => {
  const name = 'train-replicas';
  const expected = json(`${name}/expected.json`);
  const wanted = tensors(`${name}/expected.safetensors`);
  const starts = [0, 0, 0, 1, 1].map((own) => tensors(`${name}/${['weights', 'other'][own]}.safetensors`));
  const compare = (result: Record<string, unknown>, found: Tensors) =>
    compareTrain(result, found, expected, wanted, (replica) => starts[replica]!);

  it('finds no fault with the expected result', () =>
    expect(worstOf(compare(expected, wanted))!.ratio).toBe(0));

  it('refuses weights that stayed where they began, and a replica that is missing', () => {
    const still = new Map(wanted).set('replica.4.0.weight', starts[4]!.get('0.weight')!);
    expect(worstOf(compare(expected, still))!.ratio).toBeGreaterThan(10);
    const four = { replicas: expected.replicas.slice(0, 4) };
    expect(worstOf(compare(four, wanted))!.ratio).toBe(Infinity);
  });

  it('folds the names of tensors together for the summary', () => {
    const kinds = [...worstByKind(compare(expected, wanted)).keys()];
    expect(kinds).toContain('swa.*');
    expect(kinds.length).toBeLessThan(12);
  });
});
