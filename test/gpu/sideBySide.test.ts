import { expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { State } from '../../src/gpu/state.ts';
import { batchSharpness } from '../../src/measure/curvature/batchSharpness.ts';
import { diagonalOf, exactTrace } from '../../src/measure/curvature/hessianTrace.ts';
import { type CurvatureKind, CurvatureOperator } from '../../src/measure/curvature/operator.ts';
import { QuadraticForms } from '../../src/measure/curvature/quadraticForms.ts';
import { spectralQuadrature } from '../../src/measure/curvature/spectralDensity.ts';
import { vectorsAtOnce } from '../../src/measure/curvature/vectorsAtOnce.ts';
import { gradientMoments } from '../../src/measure/gradient/gradientMoments.ts';
import { UnitGradients } from '../../src/measure/gradient/unitGradients.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import { type Point, unitsOf } from '../../src/measure/pass.ts';
import type { FlatLayout } from '../../src/ops/flat.ts';
import { dense, pointOf } from './randomPoint.ts';
import { randomValues } from './trace.ts';

const KINDS: readonly CurvatureKind[] = ['hessian', 'gauss-newton', 'empirical-fisher'];

const CNN = {
  layers: [
    { type: 'Conv2d', in_channels: 2, out_channels: 3, kernel_size: 3 },
    { type: 'BatchNorm2d', num_features: 3 },
    { type: 'GELU' },
    { type: 'MaxPool2d', kernel_size: 2 },
    { type: 'Flatten' },
    dense(12, 4),
  ],
};

interface Case {
  readonly model: { layers: object[]; loss?: string };
  readonly shape: readonly number[];
  readonly examples: number;
  readonly ghostBatch?: number;
}

/** The last micro-batch, or the last unit, is smaller in some. */
const CASES: Record<string, Case> = {
  'an MLP': {
    model: { layers: [dense(5, 4), { type: 'Tanh' }, dense(4, 4), { type: 'ReLU' }, dense(4, 3)] },
    shape: [5],
    examples: 259,
  },
  'squared errors of one example': {
    model: { layers: [dense(33, 7), { type: 'Sigmoid' }, dense(7, 1)], loss: 'mse' },
    shape: [33],
    examples: 1,
  },
  'tiles past their edge': {
    model: { layers: [dense(65, 33), { type: 'GELU' }, dense(33, 10)] },
    shape: [65],
    examples: 127,
  },
  'convolution, BatchNorm in train mode: one batch': { model: CNN, shape: [2, 6, 6], examples: 33 },
  'BatchNorm in ghost batches': { model: CNN, shape: [2, 6, 6], examples: 33, ghostBatch: 8 },
  'average pooling, LayerNorm': {
    model: {
      layers: [
        { type: 'AvgPool2d', kernel_size: 2 },
        { type: 'Flatten' },
        dense(18, 7),
        { type: 'LayerNorm', normalized_shape: [7] },
        { type: 'GELU', approximate: 'tanh' },
        dense(7, 3),
      ],
    },
    shape: [2, 6, 6],
    examples: 65,
  },
};

function flat(layout: FlatLayout, seed: number): Float32Array {
  const values = new Float32Array(layout.length);
  for (const { offset, elements } of layout.entries)
    values.set(randomValues(elements, seed + offset), offset);
  return values;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

async function pointFor({ model, shape, examples, ghostBatch }: Case) {
  const made = await pointOf(model, shape, examples);
  const point: Point = ghostBatch === undefined ? made.point : { ...made.point, ghostBatch };
  return { ...made, point };
}

/** vᵀAv of each vector. */
async function formsOf(
  gpu: Gpu,
  point: Point,
  kind: CurvatureKind,
  vectors: readonly Float32Array[],
  width: number,
): Promise<number[]> {
  const forms = await QuadraticForms.open(gpu, point, width, kind);
  const found: number[] = [];
  for (let first = 0; first < vectors.length; first += width) {
    const some = vectors.slice(first, first + width);
    some.forEach((vector, replica) => {
      forms.directions.write(vector, { replica });
    });
    // The second application at a point has programs that share the forward pass.
    for (let run = 0; run < 3; run++) await forms.apply();
    found.push(
      ...(await forms.forms.readAll().then((bits) => new Float32Array(bits.buffer))).slice(0, some.length),
    );
  }
  forms.dispose();
  return found;
}

for (const [name, of] of Object.entries(CASES)) {
  test(`a product and a form have the same bits whatever is beside them, and agree: ${name}`, async () => {
    const { gpu, point, layout, dispose } = await pointFor(of);
    const vectors = Array.from({ length: 7 }, (_, i) => flat(layout, 10 * i + 1));
    for (const kind of KINDS) {
      if (kind === 'empirical-fisher' && unitsOf(point) === 1 && point.examples.examples > 1) continue;
      const products: Float32Array[][] = [];
      const forms: number[][] = [];
      for (const width of [1, 3, 7]) {
        const operator = await CurvatureOperator.open(gpu, point, width, kind);
        products.push(await operator.times(vectors));
        operator.dispose();
        forms.push(await formsOf(gpu, point, kind, vectors, width));
      }
      expect(products[1], kind).toEqual(products[0]);
      expect(products[2], kind).toEqual(products[0]);
      expect(forms[1], kind).toEqual(forms[0]);
      expect(forms[2], kind).toEqual(forms[0]);
      vectors.forEach((v, i) => {
        const product = products[0]![i]!;
        expect(dot(product, product)).toBeGreaterThan(0);
        const size = Math.sqrt(dot(v, v) * dot(product, product));
        expect(Math.abs(forms[0]![i]! - dot(v, product)), `${kind} ${i}`).toBeLessThan(1e-5 * size);
      });
    }
    dispose();
  });
}

for (const name of [
  'an MLP',
  'convolution, BatchNorm in train mode: one batch',
  'average pooling, LayerNorm',
]) {
  test(`the exact trace, layer by layer, is that of all coordinates: ${name}`, async () => {
    const { gpu, point, layout, dispose } = await pointFor(CASES[name]!);
    for (const kind of ['hessian', 'gauss-newton'] as const) {
      const forms = await QuadraticForms.open(gpu, point, 5, kind);
      const diagonal = await diagonalOf(gpu, forms);
      forms.dispose();
      const size = diagonal.reduce((sum, value) => sum + Math.abs(value), 0);
      const { value, stderr, probes } = await exactTrace(gpu, point, kind);
      expect(stderr).toBe(0);
      expect(probes).toBe(layout.entries.reduce((sum, { elements }) => sum + elements, 0));
      expect(size).toBeGreaterThan(0);
      expect(Math.abs(value - diagonal.reduce((sum, each) => sum + each, 0))).toBeLessThan(1e-6 * size);
    }
    dispose();
  });
}

test('the starts of a spectral density find the same however many go side by side', async () => {
  const { gpu, point, dispose } = await pointFor(CASES['an MLP']!);
  const found = [];
  for (const width of [1, 2, 5]) {
    const operator = await CurvatureOperator.open(gpu, point, width);
    found.push(await spectralQuadrature(gpu, operator, { starts: 5, steps: 40, seed: 3 }));
    operator.dispose();
  }
  expect(found[0]!.starts).toHaveLength(5);
  expect(found[0]!.starts[0]).not.toEqual(found[0]!.starts[1]);
  expect(found[1]).toEqual(found[0]);
  expect(found[2]).toEqual(found[0]);
  dispose();
});

for (const name of ['an MLP', 'BatchNorm in ghost batches']) {
  test(`gradients of single units, several at once: ${name}`, async () => {
    const { gpu, point, layout, dispose } = await pointFor(CASES[name]!);
    const units = unitsOf(point);
    const { mean } = await gradientMoments(gpu, point);
    const shape = [layout.length];
    const all: Float32Array[][] = [];
    for (const width of [1, 3]) {
      const into = new State(gpu, { label: 'gradients', shape, replicas: width });
      const gradients = await UnitGradients.open(gpu, point, { into, less: new Float32Array(layout.length) });
      const found: Float32Array[] = [];
      for (let first = 0; first < units; first += width) {
        await gradients.run(first);
        for (let r = 0; r < width && first + r < units; r++) found.push(await into.read(r));
      }
      all.push(found);
      gradients.dispose();
      into.dispose();
    }
    expect(all[1]).toEqual(all[0]);
    const size = Math.sqrt(Math.max(...all[0]!.map((g) => dot(g, g))));
    mean.forEach((value, i) => {
      const average = all[0]!.reduce((sum, g) => sum + g[i]!, 0) / units;
      expect(Math.abs(average - value)).toBeLessThan(1e-6 * size);
    });
    dispose();
  });
}

test('as many vectors at once as keep their results small, in waves of one size', async () => {
  const { point, dispose } = await pointFor(CASES['an MLP']!);
  expect(vectorsAtOnce(point, 1)).toBe(1);
  expect(vectorsAtOnce(point, 33)).toBe(17);
  expect(vectorsAtOnce(point, 10_000)).toBe(32);
  expect(vectorsAtOnce(point, 8, { most: 3 })).toBe(3);
  expect(vectorsAtOnce(point, 8, { most: 5 })).toBe(4);
  // 2²² numbers in all, of 4 a row.
  expect(vectorsAtOnce(point, 32, { batch: 2 ** 18 })).toBe(4);
  expect(vectorsAtOnce(point, 32, { batch: 2 ** 23 })).toBe(1);
  dispose();
});

test('batch sharpness: a batch counts the same by itself and beside others', async () => {
  const { gpu, point, dispose } = await pointFor(CASES['an MLP']!);
  const of = (batches: number) => batchSharpness({ batchSize: 5, batches, seed: 2 });
  const { one, two, many } = await measureOver(gpu, point, { one: of(1), two: of(2), many: of(35) });
  expect(one.stderr).toBeNull();
  expect(many.probes).toBe(35);
  // The two are as far from their mean as the standard error says.
  const apart = [two.value - two.stderr!, two.value + two.stderr!].map((each) => Math.abs(each - one.value));
  expect(Math.min(...apart)).toBeLessThan(1e-12 * Math.abs(one.value));
  expect(Math.max(...apart)).toBeGreaterThan(0.01 * Math.abs(one.value));
  dispose();
});
