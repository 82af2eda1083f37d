import { expect, test } from 'vitest';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import { State } from '../../src/gpu/state.ts';
import { batchGradient } from '../../src/measure/batchGradient.ts';
import { batchSharpness } from '../../src/measure/batchSharpness.ts';
import { eigenvalues } from '../../src/measure/eigenvalues.ts';
import type { Estimate } from '../../src/measure/estimate.ts';
import { estimateTrace, exactTrace, TraceEstimator } from '../../src/measure/hessianTrace.ts';
import { hutchPlusPlus } from '../../src/measure/hutchPlusPlus.ts';
import { LargestEigenvalue } from '../../src/measure/largestEigenvalue.ts';
import { type CurvatureKind, CurvatureOperator } from '../../src/measure/operator.ts';
import type { Point } from '../../src/measure/pass.ts';
import {
  logDeterminant,
  spectralDensity,
  spectralQuadrature,
  spectralSum,
} from '../../src/measure/spectralDensity.ts';
import { symmetricEigen } from '../../src/measure/symmetricEigen.ts';
import { CovarianceTraceEstimator, exactTraceCovariance } from '../../src/measure/traceHessianCovariance.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { inferShapes, parseModel } from '../../src/nn/modelSpec.ts';
import { counting } from './counting.ts';
import { testGpu } from './device.ts';
import { diagonal } from './diagonal.ts';
import { randomValues } from './trace.ts';
import { watchBuffers } from './watchBuffers.ts';

/** A model at a random point, on random examples. */
async function pointOf(
  json: { layers: object[]; loss?: string },
  shape: readonly number[],
  examples: number,
) {
  const gpu = await testGpu();
  const model = parseModel('model.json', { loss: 'cross_entropy', ...json });
  const layout = parameterLayout(model);
  const values = new Float32Array(layout.length);
  layout.entries.forEach(({ shape: s, offset, elements }, i) => {
    const scale = s.length > 1 ? 1.5 / Math.sqrt(elements / s[0]!) : 0.5;
    values.set(
      randomValues(elements, 11 + i).map((v) => scale * v),
      offset,
    );
  });
  const theta = new State(gpu, { label: 'theta', shape: [layout.length] });
  theta.write(values);
  const x = randomValues(examples * shape.reduce((a, b) => a * b, 1), 3);
  const classes = inferShapes(model, [...shape]).at(-1)![0]!;
  const labels = Uint32Array.from({ length: examples }, (_, n) => (n * 7 + (n >> 2)) % classes);
  const resident = uploadExamples(gpu, {
    name: 'random',
    x,
    exampleShape: [...shape],
    examples,
    targets:
      model.loss === 'mse'
        ? { kind: 'values', y: randomValues(examples * classes, 8), width: classes }
        : { kind: 'classes', labels, classes },
  });
  const point: Point = { model, layout, theta, examples: resident, context: { mode: 'train' } };
  const dispose = (): void => {
    theta.dispose();
    resident.dispose();
  };
  return { gpu, point, layout, x, labels, values, classes, dispose };
}

const dense = (a: number, b: number) => ({ type: 'Linear', in_features: a, out_features: b });
const MLP = { layers: [dense(5, 4), { type: 'Tanh' }, dense(4, 3)] };

const LAYERS: Record<string, { model: { layers: object[]; loss?: string }; shape: number[] }> = {
  activations: {
    model: {
      layers: ['ReLU', 'Tanh', 'Sigmoid', 'GELU'].flatMap((type) => [dense(9, 9), { type }]),
      loss: 'mse',
    },
    shape: [9],
  },
  'convolution, BatchNorm2d, max pooling': {
    model: {
      layers: [
        { type: 'Conv2d', in_channels: 2, out_channels: 3, kernel_size: 3 },
        { type: 'BatchNorm2d', num_features: 3 },
        { type: 'GELU', approximate: 'tanh' },
        { type: 'MaxPool2d', kernel_size: 2 },
        { type: 'Flatten' },
        dense(12, 4),
      ],
    },
    shape: [2, 6, 6],
  },
  'average pooling, LayerNorm, BatchNorm1d': {
    model: {
      layers: [
        { type: 'AvgPool2d', kernel_size: 2 },
        { type: 'LayerNorm', normalized_shape: [3, 3] },
        { type: 'Flatten' },
        dense(18, 7),
        { type: 'BatchNorm1d', num_features: 7 },
        { type: 'Tanh' },
        dense(7, 5),
      ],
    },
    shape: [2, 6, 6],
  },
};

for (const [name, { model, shape }] of Object.entries(LAYERS)) {
  test(`products are symmetric: ${name}`, async () => {
    const { gpu, point, layout, dispose } = await pointOf(model, shape, 33);
    const fill = (seed: number): Float32Array => {
      const flat = new Float32Array(layout.length);
      for (const { offset, elements } of layout.entries)
        flat.set(randomValues(elements, seed + offset), offset);
      return flat;
    };
    const [u, v] = [fill(1), fill(2)];
    const dot = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    for (const kind of ['hessian', 'gauss-newton'] as const) {
      const operator = await CurvatureOperator.open(gpu, point, 2, kind);
      const [Au, Av] = (await operator.times([u, v])) as [Float32Array, Float32Array];
      const size = Math.sqrt(dot(u, u) * dot(Av, Av));
      expect(Math.abs(dot(u, Av) - dot(v, Au))).toBeLessThan(1e-5 * size);
      if (kind === 'gauss-newton') expect(dot(v, Av)).toBeGreaterThan(0);
      operator.dispose();
    }
    dispose();
  });
}

/** Softmax regression: gₙ = (p − e_y) ⊗ (x, 1) and Hₙ = (diag p − ppᵀ) ⊗ (x, 1)(x, 1)ᵀ, weights before biases. */
function softmaxRegression(
  { x, labels, values, classes, layout }: Awaited<ReturnType<typeof pointOf>>,
  inputs: number,
) {
  const [w, b] = layout.entries.map(({ offset, elements }) => values.subarray(offset, offset + elements));
  const P = classes * inputs + classes;
  const place = (c: number, k: number): number => (k < inputs ? c * inputs + k : classes * inputs + c);
  return Array.from(labels, (label, n) => {
    const input = [...x.subarray(n * inputs, (n + 1) * inputs), 1];
    const z = Array.from({ length: classes }, (_, c) =>
      input.reduce((sum, value, k) => sum + value * (k < inputs ? w![c * inputs + k]! : b![c]!), 0),
    );
    const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
    const p = z.map((value) => Math.exp(value) / total);
    const gradient = new Float64Array(P);
    const hessian = Array.from({ length: P }, () => new Float64Array(P));
    for (let c = 0; c < classes; c++) {
      input.forEach((xi, k) => {
        gradient[place(c, k)] = (p[c]! - (c === label ? 1 : 0)) * xi;
        for (let d = 0; d < classes; d++) {
          const curved = p[c]! * ((c === d ? 1 : 0) - p[d]!);
          input.forEach((xj, l) => {
            hessian[place(c, k)]![place(d, l)] = curved * xi * xj;
          });
        }
      });
    }
    return { gradient, hessian };
  });
}

test('softmax regression: Hessian, Gauss-Newton and empirical Fisher against the dense matrices', async () => {
  const [inputs, examples] = [6, 300];
  const made = await pointOf({ layers: [dense(inputs, 4)] }, [inputs], examples);
  const { gpu, point, dispose } = made;
  const each = softmaxRegression(made, inputs);
  const P = each[0]!.gradient.length;
  const meanOf = (of: (n: (typeof each)[number], i: number, j: number) => number): Float64Array[] =>
    Array.from({ length: P }, (_, i) =>
      Float64Array.from({ length: P }, (_, j) => each.reduce((sum, n) => sum + of(n, i, j), 0) / examples),
    );
  const H = meanOf(({ hessian }, i, j) => hessian[i]![j]!);
  const fisher = meanOf(({ gradient }, i, j) => gradient[i]! * gradient[j]!);
  const expected: Record<CurvatureKind, Float64Array[]> = {
    hessian: H,
    'gauss-newton': H,
    'empirical-fisher': fisher,
  };
  for (const kind of Object.keys(expected) as CurvatureKind[]) {
    const operator = await CurvatureOperator.open(gpu, point, 1, kind);
    const { pairs } = await eigenvalues(gpu, operator, { count: P });
    const wanted = [...symmetricEigen(expected[kind]).values].reverse();
    pairs.forEach(({ value }, k) => {
      expect(Math.abs(value - wanted[k]!)).toBeLessThan(Math.max(1e-4 * wanted[k]!, 2e-6 * wanted[0]!));
    });
    operator.dispose();
  }
  dispose();
});

test('batch sharpness: the mean over all pairs of five examples', async () => {
  const made = await pointOf({ layers: [dense(4, 3)] }, [4], 5);
  const each = softmaxRegression(made, 4);
  const ratios = each.flatMap((a) =>
    each.map((b) => {
      const g = a.gradient.map((value, i) => (value + b.gradient[i]!) / 2);
      const curved = g.reduce(
        (sum, gi, i) =>
          sum + gi * g.reduce((row, gj, j) => row + ((a.hessian[i]![j]! + b.hessian[i]![j]!) / 2) * gj, 0),
        0,
      );
      return curved / g.reduce((sum, value) => sum + value * value, 0);
    }),
  );
  const truth = ratios.reduce((sum, value) => sum + value, 0) / ratios.length;
  const { value, stderr } = await batchSharpness(made.gpu, made.point, {
    batchSize: 2,
    batches: 400,
    seed: 1,
  });
  const spread = Math.sqrt(ratios.reduce((sum, r) => sum + (r - truth) ** 2, 0) / ratios.length / 400);
  expect(Math.abs(value - truth)).toBeLessThan(4 * stderr!);
  expect(stderr! / spread).toBeGreaterThan(0.8);
  expect(stderr! / spread).toBeLessThan(1.25);
  made.dispose();
});

/** t quantile for 97.5 % at 15 degrees of freedom. */
const T15 = 2.131;
const SEEDS = 200;

function expectHonest(estimates: readonly Estimate[], truth: number): void {
  const off = estimates.map(({ value, stderr }) => Math.abs(value - truth) / stderr!);
  expect(off.slice(0, 20).filter((ratio) => ratio <= 4)).toHaveLength(20);
  const covered = off.filter((ratio) => ratio <= T15).length / estimates.length;
  console.info(
    `95 % intervals cover the truth in ${(100 * covered).toFixed(1)} % of ${estimates.length} seeds`,
  );
  expect(covered).toBeGreaterThanOrEqual(0.9);
  expect(covered).toBeLessThanOrEqual(0.99);
}

test('traces of 16 probes: within 4 standard errors, and 95 % intervals that cover the truth', async () => {
  const { gpu, point, dispose } = await pointOf(MLP, [5], 24);
  const operator = await CurvatureOperator.open(gpu, point, 16);
  const truth = await exactTrace(gpu, operator);
  const estimator = await TraceEstimator.open(gpu, operator, 16);
  const estimates: Estimate[] = [];
  for (let seed = 0; seed < SEEDS; seed++) estimates.push(await estimator.estimate({ probes: 16, seed }));
  expectHonest(estimates, truth.value);

  const { mean } = await batchGradient(gpu, point);
  const covariance = await exactTraceCovariance(gpu, point, operator, mean);
  const noise = await CovarianceTraceEstimator.open(gpu, point, operator, 16);
  const noisy: Estimate[] = [];
  for (let seed = 0; seed < SEEDS; seed++) noisy.push(await noise.estimate({ probes: 16, seed }));
  expectHonest(noisy, covariance.value);
  expect(await noise.estimate({ probes: 16, seed: 3 })).toEqual(noisy[3]);
  for (const made of [estimator, noise, operator]) made.dispose();
  dispose();
});

test('an estimate does not depend on how many vectors share a pass, and reads back once', async () => {
  const { gpu, point, dispose } = await pointOf(MLP, [5], 300);
  const [one, four] = [
    await CurvatureOperator.open(gpu, point, 1),
    await CurvatureOperator.open(gpu, point, 4),
  ];
  const alone = await estimateTrace(gpu, one, { probes: 6, seed: 4 });
  const estimator = await TraceEstimator.open(gpu, four, 6);
  const watch = counting(gpu.device);
  const together = await estimator.estimate({ probes: 6, seed: 4 });
  const counts = watch.stop();
  expect(together.value).toBeCloseTo(alone.value, 5);
  // The staging buffer of the one reading, and the seed and cursor of the estimate.
  expect(counts).toMatchObject({
    mapAsync: 1,
    createBuffer: 1,
    createBindGroup: 0,
    createPipeline: 0,
    writeBuffer: 2,
  });
  for (const made of [estimator, one, four]) made.dispose();
  dispose();
});

test('Hutch++: exact for a low rank, and within its standard errors where Hutchinson is far off', async () => {
  const gpu = await testGpu();
  const low = await diagonal([100], [...Array(4).fill(5), ...Array(96).fill(0)]);
  const { value, stderr } = await hutchPlusPlus(gpu, low.operator, { probes: 30, seed: 0 });
  expect(Math.abs(value - 20)).toBeLessThan(1e-3);
  expect(stderr).toBeLessThan(1e-3);
  low.dispose();
  const { gpu: same, point, dispose } = await pointOf(MLP, [5], 24);
  const operator = await CurvatureOperator.open(same, point, 1);
  const truth = (await exactTrace(same, operator)).value;
  for (let seed = 0; seed < 20; seed++) {
    const estimate = await hutchPlusPlus(same, operator, { probes: 24, seed });
    expect(Math.abs(estimate.value - truth)).toBeLessThan(4 * estimate.stderr!);
  }
  operator.dispose();
  dispose();
});

test('spectral density: two clusters of equal mass, integral 1, and the logarithm of the determinant', async () => {
  const gpu = await testGpu();
  const values = Array.from({ length: 127 }, (_, i) => (i % 2 ? 1 + i / 500 : 4 + i / 500));
  const { operator, dispose } = await diagonal([64, 63], values);
  const quadrature = await spectralQuadrature(gpu, operator, { starts: 6, steps: 24, seed: 2 });
  for (const { weights } of quadrature.starts) {
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
  }
  const { grid, density, stderr } = spectralDensity(quadrature);
  const step = grid[1]! - grid[0]!;
  const mass = (keep: (at: number) => boolean): number =>
    density.reduce((sum, height, i) => sum + (keep(grid[i]!) ? height * step : 0), 0);
  expect(Math.abs(mass(() => true) - 1)).toBeLessThan(1e-4);
  expect(Math.abs(mass((at) => at > 2.6) - 64 / 127)).toBeLessThan(0.05);
  expect(stderr!.every((each) => each >= 0)).toBe(true);
  const logDet = logDeterminant(quadrature);
  const truth = values.reduce((sum, value) => sum + Math.log(value), 0);
  // Random signs see a diagonal matrix exactly: what is left is rounding.
  expect(Math.abs(logDet.value - truth)).toBeLessThan(1e-5 * truth);
  const negative = await diagonal([3], [1, -2, 3]);
  const other = await spectralQuadrature(gpu, negative.operator, { starts: 1, steps: 3, seed: 0 });
  expect(() => logDeterminant(other)).toThrow(/positive eigenvalues, found -(2|1\.99)/);
  negative.dispose();
  dispose();
});

test('the logarithm of a determinant within its standard errors, and the density of a rotated matrix', async () => {
  const { gpu, point, dispose } = await pointOf(MLP, [5], 24);
  const operator = await CurvatureOperator.open(gpu, point, 1, 'gauss-newton');
  const { pairs } = await eigenvalues(gpu, operator, { count: 1000 });
  const truth = pairs.reduce((sum, { value }) => sum + Math.log(value + 0.1), 0);
  const above = pairs.filter(({ value }) => value > 0.1).length / pairs.length;
  for (let seed = 0; seed < 5; seed++) {
    const quadrature = await spectralQuadrature(gpu, operator, { starts: 12, steps: 20, seed });
    const { value, stderr } = logDeterminant(quadrature, 0.1);
    expect(Math.abs(value - truth)).toBeLessThan(4 * stderr!);
    const share = spectralSum(quadrature, (node) => (node > 0.1 ? 1 / pairs.length : 0));
    expect(Math.abs(share.value - above)).toBeLessThan(4 * share.stderr! + 0.02);
  }
  operator.dispose();
  dispose();
});

test('the largest eigenvalue from the last eigenvector; memory after 200 measurements is that after 2', async () => {
  const { gpu, point, values, dispose } = await pointOf(MLP, [5], 300);
  const operator = await CurvatureOperator.open(gpu, point, 1);
  const tracker = new LargestEigenvalue(gpu, operator);
  const watch = watchBuffers(gpu);
  let after2 = 0;
  let products = 0;
  for (let i = 0; i < 200; i++) {
    point.theta.write(values.map((value) => value * (1 + 1e-3 * i)));
    const measured = await tracker.measure();
    expect(measured.residual).toBeLessThan(1e-2 * measured.value);
    if (i === 1) after2 = watch.held();
    if (i > 0) products += measured.products;
  }
  expect(watch.held()).toBe(after2);
  watch.stop();
  console.info(`products a warm measurement: ${(products / 199).toFixed(2)}`);
  const { pairs } = await eigenvalues(gpu, operator, { count: 1 });
  const last = await tracker.measure();
  expect(Math.abs(last.value / pairs[0]!.value - 1)).toBeLessThan(1e-4);
  for (const made of [tracker, operator]) made.dispose();
  dispose();
});
