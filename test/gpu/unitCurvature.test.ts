import { expect, test } from 'vitest';
import { State } from '../../src/gpu/state.ts';
import { covarianceProbes, covarianceTraceBy } from '../../src/measure/curvature/covarianceProbes.ts';
import { exactCovarianceTrace } from '../../src/measure/curvature/exactCovarianceTrace.ts';
import { CurvatureOperator } from '../../src/measure/curvature/operator.ts';
import { probeWaves } from '../../src/measure/curvature/probeWaves.ts';
import { UnitCurvature } from '../../src/measure/curvature/unitCurvature.ts';
import { unitForms } from '../../src/measure/curvature/unitForms.ts';
import { slopesOf } from '../../src/measure/gradient/directionalDerivatives.ts';
import { gradientMoments } from '../../src/measure/gradient/gradientMoments.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import { type Point, unitsOf } from '../../src/measure/pass.ts';
import type { Quantity } from '../../src/measure/quantity.ts';
import type { Tensor } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { dense, pointOf } from './randomPoint.ts';
import { softmaxRegression } from './softmaxRegression.ts';
import { randomValues } from './trace.ts';
import { watchBuffers } from './watchBuffers.ts';

const sum = (values: Iterable<number>): number => [...values].reduce((all, v) => all + v, 0);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((all, v, i) => all + v * b[i]!, 0);

const LAYERS: Record<string, { model: { layers: object[]; loss?: string }; shape: number[] }> = {
  activations: {
    model: {
      layers: ['ReLU', 'Tanh', 'Sigmoid', 'GELU'].flatMap((type) => [dense(9, 9), { type }]),
      loss: 'mse',
    },
    shape: [9],
  },
  'convolution, max pooling, LayerNorm': {
    model: {
      layers: [
        { type: 'Conv2d', in_channels: 2, out_channels: 3, kernel_size: 3 },
        { type: 'GELU', approximate: 'tanh' },
        { type: 'MaxPool2d', kernel_size: 2 },
        { type: 'LayerNorm', normalized_shape: [2, 2] },
        { type: 'Flatten' },
        dense(12, 4),
      ],
    },
    shape: [2, 6, 6],
  },
  'average pooling, BatchNorm over ghost batches': {
    model: {
      layers: [
        { type: 'AvgPool2d', kernel_size: 2 },
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

/** uᵀHₙv of every unit. */
function mixedForms(u: Float32Array, v: Float32Array): Quantity<Float32Array> {
  return {
    given: { u, v },
    trace(batch) {
      const { gathering, graph, layout } = batch;
      const [one, two] = ['u', 'v'].map((name) =>
        read(graph, gathering.memory(name, { shape: [layout.length] })),
      ) as [Tensor, Tensor];
      const forms = gathering.rows('forms', unitForms(batch, one, two), 'units');
      return { values: (later) => ({ forms: forms.in(later) }) };
    },
    read: ({ forms }) => forms as Float32Array,
  };
}

for (const [name, { model, shape }] of Object.entries(LAYERS)) {
  test(`the mean of the units' second derivatives is the Hessian's form: ${name}`, async () => {
    const { gpu, point: all, layout, dispose } = await pointOf(model, shape, 33);
    const point: Point = name.includes('ghost') ? { ...all, ghostBatch: 5 } : all;
    const [u, v] = [1, 2].map((seed) => {
      const flat = new Float32Array(layout.length);
      for (const { offset, elements } of layout.entries)
        flat.set(randomValues(elements, seed + offset), offset);
      return flat;
    }) as [Float32Array, Float32Array];
    const operator = await CurvatureOperator.open(gpu, point, 2);
    const [Hu, Hv] = (await operator.times([u, v])) as [Float32Array, Float32Array];
    operator.dispose();
    const { mean } = await gradientMoments(gpu, point);
    const directions = new State(gpu, { label: 'u and v', shape: [layout.length], replicas: 2 });
    directions.writeAll(Float32Array.from([...u, ...v]));
    const each = await UnitCurvature.open(gpu, point, directions);
    await each.run();
    const forms = await each.read();
    each.dispose();
    directions.dispose();
    const { mixed, slopes } = await measureOver(gpu, point, { mixed: mixedForms(u, v), slopes: slopesOf(v) });
    dispose();
    const average = (values: Float32Array): number => sum(values) / values.length;
    const size = Math.sqrt(dot(u, u) * dot(Hu, Hu));
    expect(Math.abs(average(forms[0]!) - dot(u, Hu))).toBeLessThan(1e-5 * size);
    expect(Math.abs(average(forms[1]!) - dot(v, Hv))).toBeLessThan(1e-5 * size);
    expect(Math.abs(average(mixed) - dot(u, Hv))).toBeLessThan(1e-5 * size);
    expect(Math.abs(average(slopes) - dot(v, mean))).toBeLessThan(
      1e-5 * Math.sqrt(dot(v, v) * dot(mean, mean)),
    );
  });
}

test('the spread of tr(HΣ) against the dense matrices of softmax regression, exactly and by probes', async () => {
  const [inputs, examples] = [3, 60];
  const made = await pointOf({ layers: [dense(inputs, 3)] }, [inputs], examples);
  const { gpu, point, dispose } = made;
  const units = softmaxRegression(made, inputs);
  const P = units[0]!.gradient.length;
  const mean = units[0]!.gradient.map((_, i) => sum(units.map(({ gradient }) => gradient[i]!)) / examples);
  const deviations = units.map(({ gradient }) => gradient.map((g, i) => g - mean[i]!));
  const form = (matrix: readonly Float64Array[], v: Float64Array): number =>
    dot(
      v,
      Float64Array.from(matrix, (row) => dot(row, v)),
    );
  const H = Array.from({ length: P }, (_, i) =>
    Float64Array.from({ length: P }, (_, j) => sum(units.map(({ hessian }) => hessian[i]![j]!)) / examples),
  );
  const trace = (matrix: readonly Float64Array[]): number =>
    sum(deviations.map((d) => form(matrix, d))) / (examples - 1);
  const expected = units.map(({ hessian }, n) => form(H, deviations[n]!) + trace(hessian));
  const centre = sum(expected) / examples;
  const own = sum(units.map(({ hessian }, n) => form(hessian, deviations[n]!))) / examples;

  const watch = watchBuffers(gpu);
  const moments = await gradientMoments(gpu, point);
  const exact = await exactCovarianceTrace(gpu, point, moments.mean);
  const waves = [];
  for (const wave of probeWaves(2000, point.layout)) {
    const probes = covarianceProbes(unitsOf(point), { ...wave, seed: 3 });
    waves.push((await measureOver(gpu, point, { probes })).probes);
  }
  const probed = covarianceTraceBy(unitsOf(point), waves);
  expect(watch.held()).toBe(0);
  watch.stop();
  dispose();

  const largest = Math.max(...expected.map((z) => Math.abs(z - centre)));
  expect(exact.value / trace(H)).toBeCloseTo(1, 4);
  expect(exact.spread.own / own).toBeCloseTo(1, 4);
  expected.forEach((z, n) => {
    expect(Math.abs(exact.spread.influence[n]! - (z - centre))).toBeLessThan(1e-4 * largest);
  });
  // 2,000 probes of 60 examples: each zₙ errs by about √(60/2000) of tr(HΣ), so that four of it allow for all 60.
  expected.forEach((z, n) => {
    expect(Math.abs(probed.spread.influence[n]! - (z - centre))).toBeLessThan(
      4 * Math.sqrt(examples / 2000) * trace(H),
    );
  });
  expect(Math.abs(probed.spread.own / own - 1)).toBeLessThan(0.2);
  expect(probed.spread.probeVariance / probed.stderr! ** 2).toBeGreaterThan(0.3);
  expect(probed.spread.probeVariance / probed.stderr! ** 2).toBeLessThan(0.7);
});
