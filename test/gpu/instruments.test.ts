import { afterAll, beforeAll, expect, test } from 'vitest';
import { fitDataset } from '../../src/data/dataset.ts';
import { readSafetensors, writeSafetensors } from '../../src/data/safetensors.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import { State } from '../../src/gpu/state.ts';
import { runJob } from '../../src/jobs/job.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
import { instruments } from '../../src/measure/instruments.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import type { Quantity } from '../../src/measure/quantity.ts';
import { firstDue, isDue } from '../../src/measure/schedule.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { normSq } from '../../src/ops/dot.ts';
import type { Reading } from '../../src/train/reading.ts';
import { testGpu } from './device.ts';
import { lossVariance } from './lossVariance.ts';

const DATA = 'gaussian-clusters?examples=60&classes=3&dims=5&seed=4';
const MODEL = {
  layers: [
    { type: 'Linear', in_features: 5, out_features: 7 },
    { type: 'Tanh' },
    { type: 'Linear', in_features: 7, out_features: 3 },
  ],
  loss: 'cross_entropy',
};
const BASE: TrainSpec = {
  model: MODEL as TrainSpec['model'],
  data: DATA,
  batch_size: 60,
  steps: 9,
  order: 'sequential',
  seed: 2,
  optimizer: { type: 'sgd', lr: 0.4, momentum: 0.5 },
};

// What a new quantity takes beside its own file: a place in the list.
beforeAll(() => {
  instruments.push(lossVariance);
});
afterAll(() => {
  instruments.pop();
});

interface Trained {
  readonly losses: number[];
  readonly readings: Record<string, { step: number; [key: string]: unknown }[]>;
}

async function train(spec: TrainSpec, files: ReadonlyMap<string, Uint8Array> = new Map()) {
  const told: Reading[] = [];
  for await (const event of runJob(await testGpu(), { job: 'train', ...spec }, hostOf(files))) {
    if (event.type === 'readings') told.push(...event.readings);
    if (event.type === 'result') {
      return { result: event.result as Trained, weights: event.tensors!, told };
    }
  }
  throw new Error('no result');
}

function hostOf(files: ReadonlyMap<string, Uint8Array>) {
  return { read: async (path: string) => files.get(path) ?? Promise.reject(new Error(`asked for ${path}`)) };
}

/** What `measure` finds at the weights that a run of no steps would begin with. */
async function measured(weights: Uint8Array, quantities: string[], eigenvalues?: number) {
  const { x, targets, exampleShape, examples } = syntheticDataset(DATA);
  if (targets.kind !== 'classes') throw new Error('no classes');
  const data = writeSafetensors(
    new Map([
      ['x', { dtype: 'F32', shape: [examples, ...exampleShape], data: Float32Array.from(x) }],
      ['y', { dtype: 'I32', shape: [examples], data: Int32Array.from(targets.labels) }],
    ]),
  );
  const files = new Map([
    ['model.json', new TextEncoder().encode(JSON.stringify(MODEL))],
    ['w.safetensors', weights],
    ['d.safetensors', data],
  ]);
  const spec = {
    model: 'model.json',
    weights: 'w.safetensors',
    data: 'd.safetensors',
    quantities,
    eigenvalues,
  };
  for await (const event of runJob(await testGpu(), { job: 'measure', ...spec }, hostOf(files))) {
    if (event.type === 'result') return event.result as Record<string, never>;
  }
  throw new Error('no result');
}

test('a quantity in the list is told by a run as by a measurement, and both are what float64 makes of the losses', async () => {
  // A rate of nothing leaves the weights of the start.
  const still = await train({ ...BASE, steps: 1, optimizer: { type: 'sgd', lr: 0 } });
  const run = await train({
    ...BASE,
    instruments: [
      { type: 'loss_variance', every: 4 },
      { type: 'batch_sharpness', at: [1] },
    ],
  });
  const found = await measured(still.weights, ['loss_variance', 'batch_sharpness']);
  const losses = found.perExampleLoss as unknown as number[];
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / losses.length;
  const { loss_variance: spread, batch_sharpness: sharpness } = run.result.readings;
  expect(spread!.map(({ step }) => step)).toEqual([1, 5, 9]);
  const relative = (value: unknown, expected: number) => Math.abs((value as number) / expected - 1);
  expect(relative(spread![0]!.variance, variance)).toBeLessThan(1e-5);
  const told = found.quantities as unknown as Record<string, Record<string, number>>;
  expect(relative(told.loss_variance!.variance, variance)).toBeLessThan(1e-5);
  // Of a batch that is all of the data: 1/ε_max.
  expect(sharpness).toHaveLength(1);
  expect(relative(sharpness![0]!.value, 1 / found.epsMax!)).toBeLessThan(1e-5);
  expect(relative(told.batch_sharpness!.value, 1 / found.epsMax!)).toBeLessThan(1e-5);
  // The page and the terminal have it with the readings, at its own steps.
  expect(run.told.filter(({ instruments: of }) => of?.loss_variance).map(({ step }) => step)).toEqual([
    1, 5, 9,
  ]);
});

test('the eigenvalue that is followed is the one that Lanczos finds', async () => {
  const spec = { ...BASE, steps: 6, optimizer: { type: 'sgd', lr: 0 } } as const;
  for (const which of ['largest', 'smallest'] as const) {
    const run = await train({
      ...spec,
      instruments: [{ type: 'eigenvalue', every: 1, which, examples: 60 }],
    });
    const { value, residual } = run.result.readings.eigenvalue!.at(-1) as unknown as Record<string, number>;
    const found = await measured(run.weights, [], 66);
    const all = (found.hessian as unknown as { eigenvalues: { value: number }[] }).eigenvalues;
    const expected = which === 'largest' ? all[0]!.value : all.at(-1)!.value;
    expect(Math.abs(value! - expected)).toBeLessThan(1e-3 * Math.abs(expected) + residual!);
  }
});

test('no instrument changes a bit of a run, whatever the batch size and the steps that several fall on', async () => {
  const spec: TrainSpec = {
    ...BASE,
    order: 'shuffle',
    steps: 30,
    batch_schedule: [
      { from_step: 0, batch_size: 6 },
      { from_step: 13, batch_size: 20 },
    ],
  };
  const plain = await train(spec);
  const watched = await train({
    ...spec,
    instruments: [
      { type: 'noise_scale', every: 3, tests: true },
      { type: 'eigenvalue', log: 3, examples: 32 },
      { type: 'batch_sharpness', at: [4, 14, 29] },
    ],
  });
  expect(watched.result.losses).toEqual(plain.result.losses);
  expect(watched.weights).toEqual(plain.weights);
  const steps = (type: string) => watched.result.readings[type]!.map(({ step }) => step);
  expect(steps('noise_scale')).toEqual([1, 4, 7, 10, 13, 16, 19, 22, 25, 28]);
  expect(steps('eigenvalue')).toEqual([1, 2, 5, 10, 22]);
  expect(steps('batch_sharpness')).toEqual([4, 14, 29]);
  // Alone at its steps it finds what it finds among others.
  const alone = await train({ ...spec, instruments: [{ type: 'batch_sharpness', at: [4, 14, 29] }] });
  expect(alone.result.readings.batch_sharpness).toEqual(watched.result.readings.batch_sharpness);
  expect([...readSafetensors('r', alone.weights).keys()]).toHaveLength(4);
});

test('`measure` is short for a noise scale by layers: the same numbers', async () => {
  const short = await train({ ...BASE, batch_size: 12, measure: { every: 2, tests: true } });
  const long = await train({
    ...BASE,
    batch_size: 12,
    instruments: [{ type: 'noise_scale', every: 2, tests: true, layers: true }],
  });
  const { measurements } = short.result as unknown as { measurements: Record<string, unknown>[] };
  const of = measurements.map(
    ({ batchSize: _, learningRate: __, loss: ___, temperature: ____, ...rest }) => rest,
  );
  expect(long.result.readings.noise_scale).toEqual(of);
});

test('what is no instrument is refused by name', async () => {
  const refused = (given: Record<string, unknown>[], more: Partial<TrainSpec> = {}) =>
    expect(train({ ...BASE, ...more, instruments: given })).rejects;
  await refused([{ type: 'sharpness', every: 2 }]).toThrow(
    /instruments\.0\.type: is "sharpness", expected one of noise_scale, layer_norm_noise_scale, eigenvalue, hessian_noise, batch_sharpness, density, distance, accuracy/,
  );
  await refused([{ type: 'eigenvalue', every: 2, at: [3] }]).toThrow(
    /instruments\.0: has 2 schedules, expected one/,
  );
  await refused([{ type: 'eigenvalue', every: 2, probes: 3 }]).toThrow(
    /instruments\.0\.probes: is no option of eigenvalue/,
  );
  await refused([{ type: 'noise_scale', every: 2, small_batch: 7 }]).toThrow(
    /instruments\.0\.small_batch: is 7, expected a divisor of the batch size 60 below it/,
  );
  await refused([{ type: 'eigenvalue', every: 0 }]).toThrow(/instruments\.0\.every: /);
  const twice = [
    { type: 'batch_sharpness', every: 2 },
    { type: 'batch_sharpness', every: 3 },
  ];
  await refused(twice).toThrow(/instruments: has batch_sharpness twice/);
  await refused([{ type: 'noise_scale', every: 2 }], { measure: { every: 2 } }).toThrow(
    /instruments: has noise_scale twice, .*; "measure" is one/,
  );
});

test('what is of one batch alone is refused over a data set of several, by name', async () => {
  const gpu = await testGpu();
  const model = parseModel('model.json', MODEL);
  const { dataset } = fitDataset(syntheticDataset(DATA.replace('examples=60', 'examples=600')), model);
  const layout = parameterLayout(model);
  const theta = new State(gpu, { label: 'parameters', shape: [layout.length] });
  const examples = uploadExamples(gpu, dataset);
  const point = { model, layout, theta, examples, context: { mode: 'train' as const } };
  const ofFirst: Quantity<number> = {
    trace(batch) {
      const first = batch.first(40);
      const gradient = first.gathering.sum('gradient', first.gradient(first.meanWeights));
      return { values: (graph) => ({ normSq: normSq(gradient.in(graph)) }) };
    },
    read: ({ normSq: value }) => value![0]!,
  };
  await expect(measureOver(gpu, point, { ofFirst })).rejects.toThrow(
    "ofFirst normSq: a value of one batch's trace, expected one of what was gathered over all",
  );
  for (const made of [theta, examples]) made.dispose();
});

test('the first step of each schedule', () => {
  for (const schedule of [{ every: 7 }, { at: [12, 5, 9] }, { log: 3 }]) {
    const first = firstDue(schedule);
    expect(isDue(schedule, first)).toBe(true);
    for (let step = 1; step < first; step++) expect(isDue(schedule, step)).toBe(false);
  }
});

test('k steps a decade are those nearest to equal ratios', () => {
  const due = Array.from({ length: 1000 }, (_, i) => i + 1).filter((step) => isDue({ log: 3 }, step));
  expect(due).toEqual([1, 2, 5, 10, 22, 46, 100, 215, 464, 1000]);
});
