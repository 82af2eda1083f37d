// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareLandscape } from './compareLandscape.ts';
import { compareMeasure } from './compareMeasure.ts';
import { compareSharpness } from './compareSharpness.ts';
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

describe('compareLandscape', () => {
  const of = async (name: string, change: (result: Record<string, unknown>) => void = () => {}) => {
    const result = json(`${name}/expected.json`);
    change(result);
    const spec = json(`${name}/landscape.json`);
    const model = json(`${name}/model.json`);
    const never = () => Promise.reject(new Error('no ray'));
    return worstOf(
      await compareLandscape(result, new Map(), json(`${name}/expected.json`), spec, model, new Map(), never),
    )!;
  };

  it('finds no fault with the expected line and plane', async () => {
    expect((await of('landscape-line')).ratio).toBe(0);
    expect((await of('landscape-plane-marks')).ratio).toBe(0);
  });

  it('refuses a loss that is off, a plane that is transposed, a mark that is missing and a line that is cut', async () => {
    const off = await of('landscape-line', ({ points }) => {
      (points as { testLoss: number }[])[3]!.testLoss *= 1.0002;
    });
    expect(off).toMatchObject({ key: 'points.3.testLoss' });
    expect(off.ratio).toBeGreaterThan(1);
    const transposed = await of('landscape-plane-marks', (result) => {
      const rows = result.loss as number[][];
      result.loss = rows[0]!.map((_, i) => rows.map((row) => row[i]));
    });
    expect(transposed).toMatchObject({ key: 'loss.rows', ratio: Infinity });
    const unmarked = await of('landscape-plane-marks', ({ marks }) => {
      delete (marks as Record<string, unknown>).swa;
    });
    expect(unmarked.ratio).toBe(Infinity);
    const cut = await of('landscape-line', ({ points }) => void (points as unknown[]).pop());
    expect(cut).toMatchObject({ key: 'points', ratio: Infinity });
  });
});

describe('compareSharpness', () => {
  const name = 'sharpness-softmax';
  const expected = json(`${name}/expected.json`);
  const start = tensors(`${name}/weights.safetensors`);
  const f = expected.loss as number;
  /** Each maximum is at a corner of the box: which one, the comparison does not ask. */
  const right = {
    ...expected,
    keskar: expected.keskar.map((box: Record<string, number>) => ({
      ...box,
      maximum: box.exactMaximum,
      phi: (100 * (box.exactMaximum! - f)) / (1 + f),
      evaluations: 20,
      solver: 'signAscent',
    })),
  };
  const displacements = (scale: number): Tensors =>
    new Map(
      right.keskar.flatMap(({ epsilon }: { epsilon: number }, k: number) =>
        [...start].map(([parameter, { shape, data }]) => [
          `keskar.${k}.${parameter}`,
          { shape, data: data.map((value) => scale * epsilon * (Math.abs(value) + 1)) },
        ]),
      ),
    );
  const worst = async (result: Record<string, unknown>, scale = 1) => {
    let k = 0;
    const lossAt = async () => (right.keskar[k++] as { maximum: number }).maximum;
    const grad = tensors(`${name}/expected.safetensors`);
    return worstOf(await compareSharpness(result, displacements(scale), expected, grad, start, lossAt))!;
  };
  const changed = (k: number, change: Record<string, unknown>) => ({
    ...right,
    keskar: right.keskar.map((box: object, i: number) => (i === k ? { ...box, ...change } : box)),
  });

  it('finds no fault with exact maxima at corners', async () =>
    expect((await worst(right)).ratio).toBeLessThan(1));

  it('refuses a maximum 3 % below the exact one or above it, and a displacement outside the box', async () => {
    const exact = right.keskar[2].maximum as number;
    for (const [share, key] of [
      [0.97, 'keskar.2.belowExact'],
      [1.03, 'keskar.2.aboveExact'],
    ] as const) {
      const maximum = f + share * (exact - f);
      const found = await worst(changed(2, { maximum, phi: (100 * (maximum - f)) / (1 + f) }));
      expect(found.ratio).toBeGreaterThan(1);
      // The loss at the displacement is another as well.
      expect([key, 'keskar.2.maximum']).toContain(found.key);
    }
    expect(await worst(right, 1.001)).toMatchObject({ key: 'keskar.0.box', ratio: Infinity });
  });

  it('refuses a φ that is not of its maximum, one without the hundred, and a value of SAM that is off', async () => {
    const half = await worst(changed(0, { phi: right.keskar[0].phi / 2 }));
    expect(half).toMatchObject({ key: 'keskar.0.phi' });
    expect(half.ratio).toBeGreaterThan(1);
    const off = await worst({ ...right, sam: { ...right.sam, value: right.sam.value * 1.002 } });
    expect(off).toMatchObject({ key: 'sam.value' });
    expect(off.ratio).toBeGreaterThan(1);
  });
});
