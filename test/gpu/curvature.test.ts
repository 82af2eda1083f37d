import { expect, test } from 'vitest';
import { batchSharpness } from '../../src/measure/curvature/batchSharpness.ts';
import { eigenvalues } from '../../src/measure/curvature/eigenvalues.ts';
import { diagonalOf } from '../../src/measure/curvature/hessianTrace.ts';
import { hutchPlusPlus } from '../../src/measure/curvature/hutchPlusPlus.ts';
import { type CurvatureKind, CurvatureOperator } from '../../src/measure/curvature/operator.ts';
import { QuadraticForms } from '../../src/measure/curvature/quadraticForms.ts';
import {
  logDeterminant,
  spectralDensity,
  spectralQuadrature,
  spectralSum,
} from '../../src/measure/curvature/spectralDensity.ts';
import {
  CovarianceTraceEstimator,
  estimateTraceCovariance,
} from '../../src/measure/curvature/traceHessianCovariance.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import type { Estimate } from '../../src/measure/statistics/estimate.ts';
import { symmetricEigen } from '../../src/measure/statistics/symmetricEigen.ts';
import { dimension } from '../../src/ops/flat.ts';
import { counting } from './counting.ts';
import { testGpu } from './device.ts';
import { diagonal } from './diagonal.ts';
import { dense, pointOf } from './randomPoint.ts';
import { softmaxRegression } from './softmaxRegression.ts';
import { randomValues } from './trace.ts';

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
    expect(pairs).toHaveLength(P);
    pairs.forEach(({ value }, k) => {
      expect(Math.abs(value - wanted[k]!)).toBeLessThan(Math.max(1e-4 * wanted[k]!, 2e-6 * wanted[0]!));
    });
    operator.dispose();
  }
  dispose();
});

test('batch sharpness: the mean over all pairs of five examples, and the ratio of means', async () => {
  const made = await pointOf({ layers: [dense(4, 3)] }, [4], 5);
  const each = softmaxRegression(made, 4);
  const pairs = each.flatMap((a) =>
    each.map((b) => {
      const g = a.gradient.map((value, i) => (value + b.gradient[i]!) / 2);
      const curved = g.reduce(
        (sum, gi, i) =>
          sum + gi * g.reduce((row, gj, j) => row + ((a.hessian[i]![j]! + b.hessian[i]![j]!) / 2) * gj, 0),
        0,
      );
      return { curved, normSq: g.reduce((sum, value) => sum + value * value, 0) };
    }),
  );
  const mean = (of: (pair: (typeof pairs)[number]) => number): number =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const options = { batchSize: 2, batches: 400, seed: 1 };
  const found = await measureOver(made.gpu, made.point, {
    ratios: batchSharpness(options),
    means: batchSharpness({ ...options, average: 'means' }),
  });
  const [ratio, weighed] = [
    mean(({ curved, normSq }) => curved / normSq),
    mean(({ curved }) => curved) / mean(({ normSq }) => normSq),
  ];
  expect(Math.abs(ratio / weighed - 1)).toBeGreaterThan(0.01);
  const scatters = {
    ratios: mean(({ curved, normSq }) => (curved / normSq - ratio) ** 2),
    means: mean(({ curved, normSq }) => (curved - weighed * normSq) ** 2) / mean(({ normSq }) => normSq) ** 2,
  };
  for (const [name, truth] of Object.entries({ ratios: ratio, means: weighed }) as [
    'ratios' | 'means',
    number,
  ][]) {
    const { value, stderr } = found[name];
    const spread = Math.sqrt(scatters[name] / 400);
    expect(Math.abs(value - truth), name).toBeLessThan(4 * stderr!);
    expect(stderr! / spread, name).toBeGreaterThan(0.8);
    expect(stderr! / spread, name).toBeLessThan(1.25);
  }
  made.dispose();
});

test('the diagonal: bit for bit that of a diagonal matrix, whatever shares a pass, and nothing uploaded between', async () => {
  const gpu = await testGpu();
  const values = [65, 1, 33].flatMap((n, t) => [...randomValues(n, 5 + t)]);
  const sparse = await diagonal([65, 1, 33], values);
  expect([...(await diagonalOf(gpu, sparse.operator))]).toEqual(values);
  sparse.dispose();

  const measured = async ({ point }: Awaited<ReturnType<typeof pointOf>>, width: number) => {
    const forms = await QuadraticForms.open(gpu, point, width, 'hessian');
    const watch = counting(gpu.device);
    const found = await diagonalOf(gpu, forms);
    const { mapAsync, writeBuffer, createBuffer } = watch.stop();
    expect(found).toHaveLength(dimension(forms.layout));
    forms.dispose();
    return { found, calls: { mapAsync, writeBuffer, createBuffer } };
  };
  const small = await pointOf(MLP, [5], 33);
  const [one, five] = [await measured(small, 1), await measured(small, 5)];
  expect(five.found).toEqual(one.found);
  expect((await measured(small, 5)).found).toEqual(five.found);
  const large = await pointOf({ layers: [dense(9, 8), { type: 'Tanh' }, dense(8, 3)] }, [9], 33);
  expect((await measured(large, 5)).calls).toEqual(five.calls);
  expect(five.calls.mapAsync).toBe(1);
  for (const made of [small, large]) made.dispose();
});

test('an estimate does not depend on how many vectors share a pass, and reads back once', async () => {
  const { gpu, point, dispose } = await pointOf(MLP, [5], 300);
  const [one, four] = [
    await CurvatureOperator.open(gpu, point, 1),
    await CurvatureOperator.open(gpu, point, 4),
  ];
  const alone = await estimateTraceCovariance(gpu, point, one, { probes: 6, seed: 4 });
  const estimator = await CovarianceTraceEstimator.open(gpu, point, four, 6);
  // From the second product at a point on it has programs that share the primal pass.
  await estimator.estimate({ probes: 6, seed: 1 });
  const watch = counting(gpu.device);
  const together = await estimator.estimate({ probes: 6, seed: 4 });
  const counts = watch.stop();
  expect(together).toEqual(alone);
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

test('Hutch++ is exact for a low rank, and where its span is everything', async () => {
  const gpu = await testGpu();
  const low = await diagonal([100], [...Array(4).fill(5), ...Array(96).fill(0)]);
  const { value, stderr } = await hutchPlusPlus(gpu, low.operator, { probes: 30, seed: 0 });
  expect(Math.abs(value - 20)).toBeLessThan(1e-3);
  expect(stderr).toBeLessThan(1e-3);
  low.dispose();
  const whole = await diagonal([3, 2], [1, 2, 3, -4, 5]);
  const exact = await hutchPlusPlus(gpu, whole.operator, { probes: 17, seed: 0 });
  expect(exact).toMatchObject({ stderr: 0, probes: 5 });
  expect(Math.abs(exact.value - 7)).toBeLessThan(1e-4);
  await expect(hutchPlusPlus(gpu, whole.operator, { probes: 2, seed: 0 })).rejects.toThrow(/three products/);
  whole.dispose();
});

test('Hutch++ does not depend on how many vectors share a pass', async () => {
  const { gpu, point, dispose } = await pointOf(MLP, [5], 24);
  const found: Estimate[] = [];
  for (const width of [1, 3, 8]) {
    const operator = await CurvatureOperator.open(gpu, point, width);
    found.push(await hutchPlusPlus(gpu, operator, { probes: 16, seed: 4 }));
    operator.dispose();
  }
  expect(found[0]!.probes).toBe(6);
  expect(found).toEqual(Array(3).fill(found[0]));
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

test('the logarithm of a determinant of fewer steps than dimensions within its standard errors, and the share above a value', async () => {
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
