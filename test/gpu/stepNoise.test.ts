import { expect, test } from 'vitest';
import { type Dataset, fitDataset } from '../../src/data/dataset.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { State } from '../../src/gpu/state.ts';
import { type JobSpec, runJob } from '../../src/jobs/job.ts';
import { directionalDerivatives } from '../../src/measure/gradient/directionalDerivatives.ts';
import { gradientMoments } from '../../src/measure/gradient/gradientMoments.ts';
import { type MicroBatchNoise, microBatchNoise } from '../../src/measure/gradient/microBatchNoise.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import { jackknifeErrors } from '../../src/measure/statistics/jackknifeErrors.ts';
import { samplingCriteria } from '../../src/measure/statistics/samplingCriteria.ts';
import { unitSpread } from '../../src/measure/statistics/unitSpread.ts';
import { flatValues, partValues } from '../../src/nn/flatValues.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { ghostNormalize } from '../../src/nn/ghostNormalize.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import * as nn from '../../src/nn/layers.ts';
import { type LayerSpec, parseModel } from '../../src/nn/modelSpec.ts';
import { deriveSeed } from '../../src/random/deriveSeed.ts';
import { normalize } from '../../src/reference/normalize.ts';
import type { Reading } from '../../src/train/reading.ts';
import { train } from '../../src/train/train.ts';
import type { TrainingReading } from '../../src/train/training.ts';
import type { TrainSettings } from '../../src/train/trainSettings.ts';
import { counting } from './counting.ts';
import { testGpu } from './device.ts';
import { evaluate, randomValues } from './trace.ts';

const SHAPE = [2, 6, 5];
const PIXELS = 60;
const CLASSES = 3;

/** Images of noise about their class's own, in an order that is as good as random. */
function images(examples: number): Dataset {
  const labels = Uint32Array.from(randomValues(examples, 3), (v) => Math.floor(1.5 * (v + 1)));
  const centres = randomValues(CLASSES * PIXELS, 4);
  const x = randomValues(examples * PIXELS, 5).map(
    (v, i) => v + centres[labels[Math.floor(i / PIXELS)]! * PIXELS + (i % PIXELS)]!,
  );
  const targets = { kind: 'classes' as const, labels, classes: CLASSES };
  return { name: 'images', x, exampleShape: SHAPE, targets, examples };
}

const MODELS: Record<string, LayerSpec[]> = {
  'convolutions, LayerNorm, pooling and Dropout': nn.sequential(
    nn.conv2d(2, 5, 3, { padding: 1 }),
    nn.layerNorm([5, 6, 5]),
    nn.relu(),
    nn.maxPool2d(2),
    nn.dropout(0.3),
    nn.flatten(),
    nn.linear(30, 9),
    nn.gelu(),
    nn.linear(9, CLASSES),
  ),
  'convolutions, BatchNorm and Dropout': nn.sequential(
    nn.conv2d(2, 5, 3, { padding: 1 }),
    nn.batchNorm2d(5),
    nn.relu(),
    nn.avgPool2d(2),
    nn.flatten(),
    nn.linear(30, 9),
    nn.tanh(),
    nn.batchNorm1d(9, { momentum: null }),
    nn.dropout(0.3),
    nn.linear(9, CLASSES),
  ),
  perceptron: nn.sequential(nn.flatten(), nn.linear(PIXELS, 17), nn.tanh(), nn.linear(17, CLASSES)),
};
const BATCHNORM = MODELS['convolutions, BatchNorm and Dropout']!;
const withoutDropout = (layers: LayerSpec[]): LayerSpec[] => layers.filter(({ type }) => type !== 'Dropout');

/** Of the two replicas. */
const ZIP = { lr: [0.1, 0.05], seed: [4, 7] };
const SETTINGS = {
  data: images(100),
  steps: 12,
  batchSize: 24,
  momentum: 0.9,
  zip: ZIP,
};

async function trained(settings: TrainSettings): Promise<{ readings: TrainingReading[]; weights: object[] }> {
  const run = await train(await testGpu(), settings);
  const readings: TrainingReading[] = [];
  for await (const reading of run.readings()) readings.push(reading);
  const weights = [];
  for (const replica of run.replicas.keys()) weights.push(await run.stateDict(replica));
  run.dispose();
  return { readings, weights };
}

/** A model at its initial weights, over a data set in file order. */
function pointOf(gpu: Gpu, layers: LayerSpec[], data: Dataset, seed: number) {
  const model = parseModel('model', { layers, loss: 'cross_entropy' });
  const layout = parameterLayout(model);
  const initial = [...initialStateDict(model, deriveSeed(seed, 'init'))].map(
    ([name, { data: values }]) => [name, values] as const,
  );
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  theta.write(flatValues(layout, new Map(initial)));
  const examples = uploadExamples(gpu, fitDataset(data, model).dataset);
  const point = { model, layout, theta, examples, context: { mode: 'train' as const } };
  return {
    point,
    dispose: () => {
      theta.dispose();
      examples.dispose();
    },
  };
}

for (const [shape, ghostBatch] of [
  [[6, 1], 2],
  [[33, 5], 11],
  [[10, 3, 5, 3], 2],
  [[3, 4, 7], 1],
] as const) {
  test(`ghost batches of ${ghostBatch} of [${shape}] are normalised each as a batch of its own`, async () => {
    const [examples, channels] = shape;
    const row = shape.slice(1).reduce((product: number, extent) => product * extent, 1);
    const x = randomValues(examples * row, 9).map((v) => 3 + v);
    const [y] = await evaluate([{ shape, values: x }], ([v]) => [ghostNormalize(v!, ghostBatch, 1e-5)]);
    const [found] = y!;
    for (let first = 0; first < examples; first += ghostBatch) {
      const [from, to] = [first * row, (first + ghostBatch) * row];
      const view = { outer: ghostBatch, channels, inner: row / channels };
      const { y: expected } = normalize(x.subarray(from, to), view, 1e-5);
      // Roundings of a mean near 3, divided by a deviation of about a half.
      const worst = Math.max(...expected.map((value, i) => Math.abs(found![from + i]! - value)));
      expect(worst).toBeLessThan(2e-5);
    }
  });
}

test('ghost batches that do not divide the batch are refused', async () => {
  const odd = evaluate([{ shape: [7, 2], values: randomValues(14, 1) }], ([v]) => [ghostNormalize(v!, 2, 0)]);
  await expect(odd).rejects.toThrow('7 examples have no whole ghost batches of 2');
});

/** How far float32 sums may lie apart that were added in other orders, relative to what they are differences of. */
function expectNoise(found: Reading, expected: MicroBatchNoise): void {
  const scale = expected.gradNormSq + expected.traceCovariance / found.batchSize;
  expect(Math.abs(found.gradNormSq! - expected.gradNormSq)).toBeLessThan(1e-5 * scale);
  expect(Math.abs(found.gradNormSqUnbiased! - expected.gradNormSqUnbiased)).toBeLessThan(1e-4 * scale);
  for (const key of ['traceCovariance', 'traceCovarianceStderr', 'gradNormSqUnbiasedStderr'] as const) {
    expect(found[key]! / expected[key]!, key).toBeCloseTo(1, 3);
  }
}

// Of two values BatchNorm makes ±1 where they are apart, and 1/√eps of their rounding where they are not.
for (const smallBatch of [3, 8]) {
  test(`with BatchNorm, a step's ghost batches of ${smallBatch} are those of microBatchNoise over the same batch, in both replicas`, async () => {
    const gpu = await testGpu();
    const [data, layers] = [images(24), withoutDropout(BATCHNORM)];
    const { readings } = await trained({
      ...SETTINGS,
      model: layers,
      data,
      steps: 1,
      order: 'sequential',
      noiseScaleEvery: 1,
      smallBatch,
      gradientTests: true,
    });
    expect(readings).toHaveLength(2);
    for (const reading of readings) {
      const { point, dispose } = pointOf(gpu, layers, data, reading.settings.seed);
      const expected = (await measureOver(gpu, point, { found: microBatchNoise(smallBatch) })).found;
      dispose();
      expectNoise(reading, expected);
      expect(reading.bSimpleOfBatch! / expected.bSimple!).toBeCloseTo(1, 2);
      expect(reading.bSimpleOfBatchStderr! / expected.bSimpleStderr!).toBeCloseTo(1, 2);
      expect(Object.keys(reading.layers!)).toEqual(point.layout.entries.map(({ name }) => name));
    }
  });
}

for (const [name, layers] of Object.entries(MODELS)) {
  const model = withoutDropout(layers);
  if (model.some(({ type }) => type.startsWith('BatchNorm'))) continue;
  test(`${name}: statistics, tests and errors of a step against moments and directional derivatives of its batch`, async () => {
    const gpu = await testGpu();
    const data = images(33);
    const settings = { ...SETTINGS, model, data, batchSize: 33, steps: 1, order: 'sequential' as const };
    const measured = { ...settings, noiseScaleEvery: 1, gradientTests: true };
    const { readings } = await trained(measured);
    const { point, dispose } = pointOf(gpu, model, data, ZIP.seed[0]!);
    const moments = await gradientMoments(gpu, point);
    const dots = await directionalDerivatives(gpu, point, moments.mean);
    const micro = (await measureOver(gpu, point, { found: microBatchNoise(11) })).found;
    dispose();
    const sum = (values: Float32Array): number => values.reduce((total, v) => total + v, 0);
    const gradNormSq = sum(moments.mean.map((v) => v * v));
    const traceCovariance = sum(moments.centredSquares) / 32;
    const expected = { gradNormSq, traceCovariance, gradNormSqUnbiased: gradNormSq - traceCovariance / 33 };
    const noise = { ...expected, bSimple: null };
    const units = { units: 33, unitSize: 1 };
    const errors = jackknifeErrors(noise, unitSpread(moments.perExampleGradNormSq, dots), units);
    expectNoise(readings[0]!, { ...noise, ...errors, loss: 0, microBatches: 33 });
    const tests = samplingCriteria({ gradNormSq, traceCovariance, dots });
    expect(readings[0]!.normTest! / tests.norm).toBeCloseTo(1, 3);
    expect(readings[0]!.innerProductTest! / tests.innerProduct).toBeCloseTo(1, 3);
    expect(readings[0]!.orthogonalityTest! / tests.orthogonality).toBeCloseTo(1, 3);
    point.layout.entries.forEach(({ name: parameter }, i) => {
      const own = sum(partValues(point.layout, moments.mean, i).map((v) => v * v));
      expect(readings[0]!.layers![parameter]!.gradNormSq / own).toBeCloseTo(1, 3);
    });
    // And of sub-batches, which are micro-batches of their own.
    const grouped = await trained({ ...measured, smallBatch: 11 });
    expectNoise(grouped.readings[0]!, micro);
  });
}

for (const [name, model] of Object.entries(MODELS)) {
  const smallBatch = name.includes('BatchNorm') ? 3 : 1;
  test(`${name}: measuring, with tests and without, leaves losses, weights and running statistics as they are, bit for bit`, async () => {
    const plain = await trained({ ...SETTINGS, model });
    const measured = { ...SETTINGS, model, noiseScaleEvery: 2, smallBatch };
    const noise = await trained(measured);
    const tested = await trained({ ...measured, gradientTests: true });
    const losses = ({ readings }: { readings: Reading[] }): number[] => readings.map(({ loss }) => loss);
    expect(losses(plain).every(Number.isFinite)).toBe(true);
    for (const other of [noise, tested]) {
      expect(losses(other)).toEqual(losses(plain));
      expect(other.weights).toEqual(plain.weights);
    }
    // The tests are beside the statistics, which stay what they are.
    const keys = ['gradNormSq', 'traceCovariance', 'bSimple', 'bSimpleInterval', 'layers'] as const;
    const statistics = ({ readings }: { readings: Reading[] }): unknown =>
      readings.map((reading) => keys.map((key) => reading[key]));
    expect(statistics(tested)).toEqual(statistics(noise));
    const last = tested.readings.at(-3)!;
    expect(last.step).toBe(11);
    expect(last.normTest! ** 2 / (last.innerProductTest! ** 2 + last.orthogonalityTest! ** 2)).toBeCloseTo(
      1,
      9,
    );
    expect(noise.readings.every(({ normTest }) => normTest === undefined)).toBe(true);
    expect(await trained({ ...measured, gradientTests: true })).toEqual(tested);
  });
}

test('with BatchNorm each of two measured replicas is bit for bit what it is alone', async () => {
  const measured = { ...SETTINGS, model: BATCHNORM, noiseScaleEvery: 3, smallBatch: 4, gradientTests: true };
  const together = await trained(measured);
  for (const replica of [0, 1]) {
    const alone = await trained({ ...measured, zip: {}, lr: ZIP.lr[replica]!, seed: ZIP.seed[replica]! });
    const own = together.readings.filter((reading) => reading.replica === replica);
    expect(alone.readings).toEqual(own.map((reading) => ({ ...reading, replica: 0 })));
    expect(alone.weights[0]).toEqual(together.weights[replica]);
  }
});

test('with BatchNorm |G|² and tr Σ do not depend on the batch size, within 3 standard errors: one objective at both sizes', {
  timeout: 240_000,
}, async () => {
  const model = nn.sequential(nn.linear(9, 7), nn.batchNorm1d(7), nn.tanh(), nn.linear(7, 5));
  const data = syntheticDataset('gaussian-clusters?examples=500&test=0&classes=5&dims=9');
  const at = async (batchSize: number, steps: number) => {
    const measured = { noiseScaleEvery: 1, smallBatch: 8, order: 'iid' as const };
    const { readings } = await trained({ ...measured, model, data, batchSize, steps, lr: 0 });
    return (key: 'traceCovariance' | 'gradNormSqUnbiased') => {
      const values = readings.map((reading) => reading[key]!);
      const mean = values.reduce((sum, v) => sum + v, 0) / steps;
      const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
      return { mean, variance: squares / (steps - 1) / steps };
    };
  };
  const [small, large] = [await at(16, 800), await at(64, 400)];
  for (const key of ['traceCovariance', 'gradNormSqUnbiased'] as const) {
    const [a, b] = [small(key), large(key)];
    const error = Math.sqrt(a.variance + b.variance);
    console.info(`${key}: ${a.mean.toFixed(4)} at 16, ${b.mean.toFixed(4)} at 64, ± ${error.toFixed(4)}`);
    expect(Math.abs(a.mean - b.mean)).toBeLessThan(3 * error);
    expect(error).toBeLessThan(0.1 * b.mean);
  }
});

test('measuring ghost batches and tests makes and uploads nothing while it trains', async () => {
  const gpu = await testGpu();
  const measured = { ...SETTINGS, model: BATCHNORM, noiseScaleEvery: 2, smallBatch: 4, gradientTests: true };
  const run = await train(gpu, { ...measured, steps: 40 });
  const counter = counting(gpu.device);
  let readings = 0;
  for await (const _ of run.readings()) readings++;
  const { submit, mapAsync, ...made } = counter.stop();
  run.dispose();
  expect(readings).toBe(80);
  // At first steps of each kind go alone, over several submits.
  expect(submit).toBeLessThanOrEqual(32);
  expect(mapAsync).toBeLessThanOrEqual(submit);
  expect(made).toEqual({ createBuffer: 0, createPipeline: 0, createBindGroup: 0, writeBuffer: 0 });
});

test('train.json asks for ghost batches and tests, and the result holds what was measured', async () => {
  const layers = [
    { type: 'Linear', in_features: 9, out_features: 7 },
    { type: 'BatchNorm1d', num_features: 7 },
    { type: 'Tanh' },
    { type: 'Linear', in_features: 7, out_features: 5 },
  ];
  const spec = {
    job: 'train' as const,
    model: { layers, loss: 'cross_entropy' },
    data: 'gaussian-clusters?examples=300&test=0&classes=5&dims=9',
    steps: 5,
    batch_size: 32,
    optimizer: { lr: 0.1 },
  };
  const resultOf = async (measure: object): Promise<{ measurements: Reading[] }> => {
    const host = { read: () => Promise.reject(new Error('nothing is read')) };
    for await (const event of runJob(await testGpu(), { ...spec, measure } as JobSpec, host)) {
      if (event.type === 'result') return event.result as { measurements: Reading[] };
    }
    throw new Error('the job gave no result');
  };
  const { measurements } = await resultOf({ every: 2, small_batch: 8, tests: true });
  expect(measurements.map(({ step }) => step)).toEqual([1, 3, 5]);
  for (const { traceCovariance, traceCovarianceStderr, gradNormSqUnbiasedStderr, ...rest } of measurements) {
    expect(traceCovariance).toBeGreaterThan(0);
    expect(traceCovarianceStderr).toBeGreaterThan(0);
    expect(gradNormSqUnbiasedStderr).toBeGreaterThan(0);
    const { normTest, innerProductTest, orthogonalityTest } = rest;
    expect(normTest! / Math.hypot(innerProductTest!, orthogonalityTest!)).toBeCloseTo(1, 9);
    // Of negative ones too, whose interval is open.
    expect(rest.bSimpleOfBatchStderr).toBeGreaterThan(0);
    expect(rest.bSimpleOfBatchInterval).toHaveLength(2);
  }
  expect((await resultOf({ every: 2, small_batch: 8 })).measurements[0]).not.toHaveProperty('normTest');
  await expect(resultOf({ every: 2 })).rejects.toThrow('set small_batch to 2 or more');
});

test('what cannot be measured is refused before anything runs, and says what to set', async () => {
  const gpu = await testGpu();
  const settings = { ...SETTINGS, noiseScaleEvery: 1 };
  await expect(train(gpu, { ...settings, model: BATCHNORM })).rejects.toThrow(
    'layer 1 (BatchNorm2d): couples the examples of a batch in train mode, so they have no gradients of their own to ' +
      'measure; set smallBatch to 2 or more for those of ghost batches',
  );
  await expect(train(gpu, { ...settings, model: MODELS.perceptron!, smallBatch: 7 })).rejects.toThrow(
    'train: smallBatch: is 7, expected a divisor of the batch size 24',
  );
  const two = { ...settings, model: MODELS.perceptron!, batchSize: 2, steps: 1, gradientTests: true };
  const { readings } = await trained(two);
  expect(readings[0]).toMatchObject({ traceCovarianceStderr: null, gradNormSqUnbiasedStderr: null });
  expect(readings[0]!.normTest).toBeGreaterThan(0);
  const { readings: single } = await trained({ ...two, batchSize: 1 });
  expect(single[0]!.gradNormSq).toBeGreaterThan(0);
  expect(single[0]!.normTest).toBeUndefined();
});
