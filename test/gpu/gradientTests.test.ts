import { expect, test } from 'vitest';
import { fitDataset } from '../../src/data/dataset.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import { State } from '../../src/gpu/state.ts';
import { directionalDerivatives } from '../../src/measure/gradient/directionalDerivatives.ts';
import { gradientHistogram } from '../../src/measure/gradient/gradientHistogram.ts';
import { gradientMoments } from '../../src/measure/gradient/gradientMoments.ts';
import { gradientSignalToNoise } from '../../src/measure/statistics/gradientSignalToNoise.ts';
import { batchSizeAtBound, samplingCriteria } from '../../src/measure/statistics/samplingCriteria.ts';
import { flatValues, partValues } from '../../src/nn/flatValues.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import type { Bins } from '../../src/ops/perExample/histogramBins.ts';
import {
  type Conv2dExtents,
  conv2d,
  conv2dPositions,
  conv2dWeightGradient,
} from '../../src/reference/conv2d.ts';
import { testGpu } from './device.ts';
import { mlpLossAndGradient } from './mlpReference.ts';
import { randomValues } from './trace.ts';

const [EXAMPLES, DIMS, HIDDEN, CLASSES] = [300, 9, 7, 5];

/** A small perceptron at a point, and every example's gradient in float64. */
async function frozenPerceptron() {
  const gpu = await testGpu();
  const model = parseModel('model', {
    layers: [
      { type: 'Linear', in_features: DIMS, out_features: HIDDEN },
      { type: 'Tanh' },
      { type: 'Linear', in_features: HIDDEN, out_features: CLASSES },
    ],
    loss: 'cross_entropy',
  });
  const layout = parameterLayout(model);
  const data = syntheticDataset(
    `gaussian-clusters?examples=${EXAMPLES}&test=0&classes=${CLASSES}&dims=${DIMS}`,
  );
  const { dataset } = fitDataset(data, model);
  const weights = new Map(
    layout.entries.map(({ name, elements }, i) => [name, randomValues(elements, 7 + i).map((v) => v / 2)]),
  );
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  theta.write(flatValues(layout, weights));
  const examples = uploadExamples(gpu, dataset);
  const start = layout.entries.map(({ name }) => Float64Array.from(weights.get(name)!));
  const reference = {
    widths: [DIMS, HIDDEN, CLASSES],
    activation: Math.tanh,
    derivative: (z: number) => 1 - Math.tanh(z) ** 2,
  };
  const labels = (data.targets as { labels: Uint32Array }).labels;
  const gradients = Array.from({ length: EXAMPLES }, (_, n) =>
    mlpLossAndGradient(
      reference,
      start,
      (data.x as Float32Array).subarray(n * DIMS, (n + 1) * DIMS),
      labels.subarray(n, n + 1),
    ).gradient.map((tensor) => [...tensor]),
  );
  return {
    gpu,
    point: { model, layout, theta, examples, context: { mode: 'eval' as const } },
    weights: start,
    gradients,
    dispose: () => {
      theta.dispose();
      examples.dispose();
    },
  };
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, i) => sum + v * b[i]!, 0);

test('norm, inner-product and orthogonality test, and signal-to-noise ratios, against per-example gradients in float64', async () => {
  const { gpu, point, gradients, dispose } = await frozenPerceptron();
  const moments = await gradientMoments(gpu, point);
  const dots = await directionalDerivatives(gpu, point, moments.mean);
  dispose();
  const flat = gradients.map((tensors) => tensors.flat());
  const mean = flat[0]!.map((_, d) => flat.reduce((sum, g) => sum + g[d]!, 0) / EXAMPLES);
  const meanSq = dot(mean, mean);
  flat.forEach((g, n) => {
    expect(Math.abs(dots[n]! - dot(g, mean))).toBeLessThan(1e-5 * Math.sqrt(dot(g, g) * meanSq));
  });

  const entries = point.layout.entries;
  const sum = (values: Float32Array): number => values.reduce((total, v) => total + v, 0);
  const gradNormSq = sum(moments.mean.map((v) => v * v));
  const found = samplingCriteria({
    gradNormSq,
    traceCovariance: sum(moments.centredSquares) / (EXAMPLES - 1),
    dots,
  });
  const over = EXAMPLES * (EXAMPLES - 1) * meanSq;
  const away = (f: (g: readonly number[]) => readonly number[]): number =>
    flat.reduce((total, g) => total + dot(f(g), f(g)), 0);
  const share = (g: readonly number[]): number => dot(g, mean) / meanSq;
  const norm = Math.sqrt(away((g) => g.map((v, d) => v - mean[d]!)) / over);
  const innerProduct = Math.sqrt(away((g) => mean.map((v) => (share(g) - 1) * v)) / over);
  const orthogonality = Math.sqrt(away((g) => g.map((v, d) => v - share(g) * mean[d]!)) / over);
  expect(found.norm / norm).toBeCloseTo(1, 4);
  expect(found.innerProduct / innerProduct).toBeCloseTo(1, 4);
  expect(found.orthogonality / orthogonality).toBeCloseTo(1, 4);
  expect(batchSizeAtBound(found.norm, EXAMPLES, 2 * found.norm)).toBeCloseTo(EXAMPLES / 4, 9);

  const variances = mean.map((m, d) => flat.reduce((s, g) => s + (g[d]! - m) ** 2, 0) / (EXAMPLES - 1));
  const ratios = mean.map((m, d) => m ** 2 / variances[d]!).sort((a, b) => a - b);
  const noise = gradientSignalToNoise(point.layout, { ...moments, examples: EXAMPLES });
  const average = ratios.reduce((s, r) => s + r, 0) / ratios.length;
  expect(noise.overall / (meanSq / variances.reduce((s, v) => s + v, 0))).toBeCloseTo(1, 4);
  expect(noise.mean / average).toBeCloseTo(1, 4);
  expect(noise.quantiles[2]! / ratios[Math.floor(0.5 * (ratios.length - 1))]!).toBeCloseTo(1, 3);
  expect(noise.silent).toBe(0);
  const factor = (EXAMPLES - 3) / (EXAMPLES - 1);
  expect(noise.meanUnbiased! / (factor * average - 1 / EXAMPLES)).toBeCloseTo(1, 3);
  expect(noise.evidence).toBeCloseTo(1 - EXAMPLES * factor * average, 2);
  expect(partValues(point.layout, moments.mean, 0)).toHaveLength(entries[0]!.elements);
});

test('histograms of per-example gradients, alone and by parameter, hold every element in its bin', async () => {
  const { gpu, point, gradients, weights, dispose } = await frozenPerceptron();
  const gradient: Bins = { from: -0.5, to: 0.5, count: 51 };
  const parameter: Bins = { from: -0.4, to: 0.4, count: 40 };
  const place = (value: number, { from, to, count }: Bins): number =>
    Math.trunc(Math.min(Math.max(((value - from) * count) / (to - from), 0), count - 1));
  /** A bin's edge is nearer than what float32 can tell. */
  const doubtful = (value: number, { from, to, count }: Bins): boolean => {
    const at = ((value - from) * count) / (to - from);
    return at > 0.5 && at < count - 0.5 && Math.abs(at - Math.round(at)) < 1e-4;
  };
  for (const joint of [false, true]) {
    const found = await gradientHistogram(gpu, point, joint ? { gradient, parameter } : { gradient });
    expect(found.notFinite).toBe(0);
    found.counts.forEach((counts, tensor) => {
      const expected = new Float64Array(counts.length);
      let doubts = 0;
      weights[tensor]!.forEach((w, p) => {
        const row = joint ? place(w, parameter) * gradient.count : 0;
        for (const g of gradients) {
          expected[row + place(g[tensor]![p]!, gradient)]!++;
          if (doubtful(g[tensor]![p]!, gradient)) doubts++;
        }
      });
      const off = expected.reduce((sum, count, i) => sum + Math.abs(count - counts[i]!), 0);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(EXAMPLES * weights[tensor]!.length);
      expect(off).toBeLessThanOrEqual(2 * doubts);
      expect(doubts).toBeLessThan(0.001 * EXAMPLES * weights[tensor]!.length + 2);
    });
    const again = await gradientHistogram(gpu, point, joint ? { gradient, parameter } : { gradient });
    expect(again).toEqual(found);
  }
  const tooMany = { gradient: { ...gradient, count: 100 }, parameter };
  await expect(gradientHistogram(gpu, point, tooMany)).rejects.toThrow(/4000 bins, expected at most 2048/);
  dispose();
});

test('histograms of a convolution hold every element of every image’s gradient in its bin', async () => {
  const gpu = await testGpu();
  const images = 65;
  const one: Conv2dExtents = {
    images: 1,
    channels: 2,
    height: 5,
    width: 6,
    outChannels: 3,
    kernel: [3, 2],
    stride: [2, 1],
    padding: [1, 1],
  };
  const { channels, height, width, outChannels, kernel, stride, padding } = one;
  const model = parseModel('model', {
    layers: [
      {
        type: 'Conv2d',
        in_channels: channels,
        out_channels: outChannels,
        kernel_size: kernel,
        stride,
        padding,
      },
      { type: 'Flatten' },
    ],
    loss: 'mse',
  });
  const layout = parameterLayout(model);
  const outputs = outChannels * conv2dPositions(one).reduce((a, b) => a * b);
  const [x, y] = [randomValues(images * 60, 3), randomValues(images * outputs, 4)];
  const [w, b] = layout.entries.map(({ elements }, i) => randomValues(elements, 20 + i)) as [
    Float32Array,
    Float32Array,
  ];
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  theta.write(
    flatValues(
      layout,
      new Map([
        ['0.weight', w],
        ['0.bias', b],
      ]),
    ),
  );
  const examples = uploadExamples(gpu, {
    name: 'images',
    x,
    exampleShape: [channels, height, width],
    targets: { kind: 'values', y, width: outputs },
    examples: images,
  });
  const bins = { gradient: { from: -1, to: 1, count: 40 }, parameter: { from: -1, to: 1, count: 10 } };
  const point = { model, layout, theta, examples, context: { mode: 'eval' as const } };
  const found = await gradientHistogram(gpu, point, bins);
  expect(await gradientHistogram(gpu, point, bins)).toEqual(found);
  theta.dispose();
  examples.dispose();

  const place = (value: number): number => Math.min(Math.max((value + 1) * 20, 0), 39);
  const expected = found.counts.map((counts) => new Float64Array(counts.length));
  let doubts = 0;
  for (let n = 0; n < images; n++) {
    const image = x.subarray(n * 60, (n + 1) * 60);
    const delta = conv2d(one, image, w, b).map((z, k) => (2 * (z - y[n * outputs + k]!)) / outputs);
    const ofBias = Array.from({ length: outChannels }, (_, o) =>
      delta
        .subarray((o * outputs) / outChannels, ((o + 1) * outputs) / outChannels)
        .reduce((s, d) => s + d, 0),
    );
    for (const [tensor, gradient, values] of [
      [0, conv2dWeightGradient(one, image, delta), w],
      [1, ofBias, b],
    ] as const) {
      gradient.forEach((g, p) => {
        const row = Math.trunc(Math.min(Math.max((values[p]! + 1) * 5, 0), 9));
        expected[tensor]![row * 40 + Math.trunc(place(g))]!++;
        if (Math.abs(place(g) - Math.round(place(g))) < 1e-4) doubts++;
      });
    }
  }
  const off = expected.reduce(
    (sum, counts, i) => counts.reduce((all, count, k) => all + Math.abs(count - found.counts[i]![k]!), sum),
    0,
  );
  expect(off).toBeLessThanOrEqual(2 * doubts);
  expect(doubts).toBeLessThan(10);
  expect(found.notFinite).toBe(0);
});
