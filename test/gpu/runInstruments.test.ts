import { expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/data/safetensors.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { runJob } from '../../src/jobs/job.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
import { instruments } from '../../src/measure/instruments.ts';
import { testGpu } from './device.ts';

const DATA = 'gaussian-clusters?examples=600&test=300&classes=3&dims=5&spread=2&seed=4';
const BASE: TrainSpec = {
  model: { hidden: [7], activation: 'Tanh' },
  data: DATA,
  batch_size: 20,
  steps: 6,
  seed: 2,
  optimizer: { type: 'sgd', lr: 0.4, momentum: 0.5 },
};
const MODEL = {
  layers: [
    { type: 'Linear', in_features: 5, out_features: 7 },
    { type: 'Tanh' },
    { type: 'Linear', in_features: 7, out_features: 3 },
  ],
  loss: 'cross_entropy',
} as unknown as TrainSpec['model'];
/** Whose second derivatives take what the step's kernels leave out. */
const DEEP = {
  layers: [
    { type: 'Linear', in_features: 5, out_features: 9 },
    { type: 'ReLU' },
    { type: 'Linear', in_features: 9, out_features: 6 },
    { type: 'LayerNorm', normalized_shape: 6 },
    { type: 'Sigmoid' },
    { type: 'Linear', in_features: 6, out_features: 3 },
  ],
  loss: 'cross_entropy',
} as unknown as TrainSpec['model'];
/** Of statistics that training keeps, and that what is measured takes. */
const NORMED: TrainSpec['model'] = {
  layers: [
    { type: 'Linear', in_features: 5, out_features: 6 },
    { type: 'BatchNorm1d', num_features: 6 },
    { type: 'Tanh' },
    { type: 'Dropout', p: 0.25 },
    { type: 'LayerNorm', normalized_shape: [6] },
    { type: 'Linear', in_features: 6, out_features: 3 },
  ],
  loss: 'cross_entropy',
} as unknown as TrainSpec['model'];

type Told = { readonly step: number } & Readonly<Record<string, number | null>>;

interface Result {
  readonly losses: readonly number[];
  readonly readings: Readonly<Record<string, readonly Told[]>>;
  readonly [key: string]: unknown;
}

/** @param from a snapshot that the run goes on from */
async function train(spec: TrainSpec, from?: Uint8Array) {
  const host = {
    find: async (path: string) =>
      ({ path, is: path === 'run.snapshot' && from ? 'file' : 'nothing' }) as const,
    read: async (path: string) => from ?? Promise.reject(new Error(`asked for ${path}`)),
  };
  const job = { job: 'train' as const, ...spec, ...(from ? { resume: true } : {}) };
  const snapshots = new Map<number, Uint8Array>();
  for await (const event of runJob(await testGpu(), job, host)) {
    if (event.type === 'snapshot') snapshots.set(event.step, event.tensors);
    if (event.type === 'result') {
      return { result: event.result as Result, weights: event.tensors!, snapshots };
    }
  }
  throw new Error('no result');
}

/** Parameters after so many steps of a run. */
async function weightsAfter(spec: TrainSpec, steps: number): Promise<number[]> {
  // A run of no steps writes what it begins with.
  const { weights } = await train({ ...spec, steps });
  return [...readSafetensors('weights', weights)].flatMap(([, { data }]) => Array.from(data, Number));
}

const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));

test('the distance from the start and of the last step, whatever the schedule', async () => {
  const instruments = (schedule: object) => [{ type: 'distance', ...schedule }];
  const every = (await train({ ...BASE, instruments: instruments({ every: 1 }) })).result.readings.distance!;
  expect(every.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(every[0]).toEqual({ step: 1, fromStart: 0, lastStep: null });
  const [start, before, at] = await Promise.all([0, 4, 5].map((steps) => weightsAfter(BASE, steps)));
  // Of differences in float32 of weights of about 1: 2⁻²⁴ of each.
  const { fromStart, lastStep } = every[5]!;
  expect(Math.abs(fromStart! / apart(at!, start!) - 1)).toBeLessThan(1e-5);
  expect(Math.abs(lastStep! / apart(at!, before!) - 1)).toBeLessThan(1e-5);
  for (const schedule of [{ at: [3, 6] }, { log: 4 }, { every: 5 }]) {
    const some = (await train({ ...BASE, instruments: instruments(schedule) })).result.readings.distance!;
    expect(some.length).toBeGreaterThan(1);
    expect(some).toEqual(every.filter(({ step }) => some.some((one) => one.step === step)));
  }
});

test('loss and accuracy over a whole part of the data are those of the weights before the update', async () => {
  for (const model of [BASE.model, NORMED]) {
    for (const split of ['test', 'train'] as const) {
      const spec = { ...BASE, model };
      const instruments = [{ type: 'accuracy', split, at: [1, 4] }];
      const { readings } = (await train({ ...spec, instruments })).result;
      for (const { step, ...told } of readings.accuracy!) {
        const { result } = await train({ ...spec, steps: step - 1 });
        const [loss, accuracy] = (
          split === 'test' ? [result.testLoss, result.testAccuracy] : [result.finalLoss, result.accuracy]
        ) as [number, number];
        // The other pass is in batches of 1,000, and its mean of their means.
        expect(Math.abs(told.loss! / loss - 1)).toBeLessThan(1e-5);
        expect(told.accuracy).toBeCloseTo(accuracy, 12);
        const examples = split === 'test' ? 300 : 600;
        const stderr = split === 'test' ? Math.sqrt((accuracy * (1 - accuracy)) / (examples - 1)) : null;
        if (stderr === null) expect(told.accuracyStderr).toBe(null);
        else expect(told.accuracyStderr).toBeCloseTo(stderr, 12);
        expect(told.lossStderr === null).toBe(split === 'train');
      }
    }
  }
});

test('loss and accuracy over the first examples of a part are those over a data set of these, with errors for others like them', async () => {
  for (const split of ['test', 'train'] as const) {
    const instruments = [{ type: 'accuracy', split, examples: 100, at: [1] }];
    const { readings } = (await train({ ...BASE, instruments })).result;
    const [told] = readings.accuracy!;
    const few = split === 'test' ? DATA.replace('test=300', 'test=100') : DATA.replace('=600', '=100');
    const { result } = await train({ ...BASE, data: few, steps: 0 });
    const [loss, accuracy] = (
      split === 'test' ? [result.testLoss, result.testAccuracy] : [result.finalLoss, result.accuracy]
    ) as [number, number];
    expect(told!.examples).toBe(100);
    expect(Math.abs(told!.loss! / loss - 1)).toBeLessThan(1e-5);
    expect(told!.accuracy).toBeCloseTo(accuracy, 12);
    expect(told!.accuracyStderr).toBeCloseTo(Math.sqrt((accuracy * (1 - accuracy)) / 99), 12);
    expect(told!.lossStderr).toBeGreaterThan(0);
  }
});

test('what an instrument is of must be there', async () => {
  const refused = (given: Record<string, unknown>, more: Partial<TrainSpec> = {}) =>
    expect(train({ ...BASE, ...more, instruments: [given] })).rejects;
  await refused(
    { type: 'accuracy', split: 'test', every: 2 },
    { data: 'gaussian-clusters?examples=60&test=0' },
  ).toThrow(
    /instruments: has accuracy over the split "test", and .* has no data for testing; expected "train"/,
  );
  await refused({ type: 'accuracy', split: 'valid', every: 2 }).toThrow(
    /instruments\.0\.split: is "valid", expected "train" or "test"/,
  );
  await refused({ type: 'accuracy', every: 2 }).toThrow(
    /instruments\.0\.split: missing, expected "train" or/,
  );
  await refused({ type: 'hessian_noise', every: 2, probes: 1 }).toThrow(
    /instruments\.0\.probes: is 1, expected an integer of at least 2/,
  );
  await refused({ type: 'eigenvalue', every: 2, steps: 17 }).toThrow(
    /instruments\.0\.steps: is 17, expected an integer of at most 16/,
  );
  await refused({ type: 'distance', at: [] }).toThrow(/instruments\.0\.at: is \[\], expected a step or more/);
  await refused({ type: 'distance', every: 2, examples: 3 }).toThrow(
    /instruments\.0\.examples: is no option of distance/,
  );
});

test('an eigenvalue by more steps a look is nearer', async () => {
  const residual = async (steps: number) => {
    const instruments = [{ type: 'eigenvalue', steps, at: [1] }];
    return (await train({ ...BASE, model: MODEL, instruments })).result.readings.eigenvalue![0]!.residual!;
  };
  expect(await residual(12)).toBeLessThan((await residual(3)) / 4);
});

test('both ends of the spectrum in one run are what each is alone', async () => {
  const readings = async (which: string) => {
    const instruments = [{ type: 'eigenvalue', which, every: 2 }];
    return (await train({ ...BASE, model: MODEL, instruments })).result.readings.eigenvalue!;
  };
  const [both, largest, smallest] = await Promise.all(['both', 'largest', 'smallest'].map(readings));
  expect(both).toHaveLength(3);
  both!.forEach(({ step, ...told }, i) => {
    const { value, residual } = largest![i]!;
    const other = smallest![i]!;
    expect(told).toEqual({ value, residual, smallest: other.value, smallestResidual: other.residual });
    expect(other.value!).toBeLessThan(value!);
    expect(step).toBe(largest![i]!.step);
  });
});

test('of later looks at an eigenvalue by fewer steps the residual stays small, and the first look is as good as by nine', async () => {
  const looks = async (more: object) => {
    const instruments = [{ type: 'eigenvalue', every: 2, ...more }];
    const spec = { ...BASE, model: MODEL, steps: 20, instruments };
    return (await train(spec)).result.readings.eigenvalue!;
  };
  const [usual, nine] = [await looks({}), await looks({ steps: 9 })];
  expect(usual[0]).toEqual(nine[0]);
  for (const [i, { value, residual }] of usual.entries()) {
    const apart = Math.abs(value! - nine[i]!.value!);
    expect(apart).toBeLessThan(residual! + nine[i]!.residual!);
    // An eigenvalue is off by the square of its vector's error.
    expect(apart).toBeLessThan(0.05 * value!);
  }
});

/** What `measure` finds of the first examples of the data at the weights that a run begins with. */
async function measured(spec: TrainSpec, examples: number, options: Record<string, unknown>) {
  const { weights } = await train({ ...spec, steps: 0 });
  const { x, targets, exampleShape } = syntheticDataset(DATA);
  if (targets.kind !== 'classes') throw new Error('no classes');
  const elements = exampleShape.reduce((product, extent) => product * extent, examples);
  const data = writeSafetensors(
    new Map([
      [
        'x',
        { dtype: 'F32', shape: [examples, ...exampleShape], data: Float32Array.from(x.slice(0, elements)) },
      ],
      ['y', { dtype: 'I32', shape: [examples], data: Int32Array.from(targets.labels.slice(0, examples)) }],
    ]),
  );
  const files = new Map([
    ['m.json', new TextEncoder().encode(JSON.stringify(MODEL))],
    ['w.safetensors', weights],
    ['d.safetensors', data],
  ]);
  const read = async (path: string) => files.get(path) ?? Promise.reject(new Error(`asked for ${path}`));
  const job = { model: 'm.json', weights: 'w.safetensors', data: 'd.safetensors', ...options };
  for await (const event of runJob(await testGpu(), { job: 'measure', ...job }, { read })) {
    if (event.type === 'result') return event.result as Record<string, number & number[]>;
  }
  throw new Error('no result');
}

test('B_noise and ε_max of the first examples, and their errors, are what `measure` finds over them', async () => {
  const spec = { ...BASE, model: MODEL };
  const found = await measured(spec, 50, { probes: 6 });
  const instruments = [{ type: 'hessian_noise', examples: 50, probes: 6, at: [1] }];
  const [told] = (await train({ ...spec, instruments })).result.readings.hessian_noise!;
  for (const key of ['gHg', 'traceHessianCovariance', 'bNoise', 'epsMax', 'deltaLossMax']) {
    const [value, expected] = [told![key]!, found[key]!];
    expect(Math.abs(value / expected - 1), key).toBeLessThan(1e-4);
    const [stderr, ofMeasure] = [told![`${key}Stderr`]!, found[`${key}Stderr`]!];
    expect(Math.abs(stderr / ofMeasure - 1), `${key}Stderr`).toBeLessThan(1e-3);
    const ends = told![`${key}Interval`] as unknown as (number | null)[];
    (found[`${key}Interval`] as number[]).forEach((end, i) => {
      if (end === null) expect(ends[i], `${key}Interval`).toBe(null);
      else expect(Math.abs(ends[i]! / end - 1), `${key}Interval`).toBeLessThan(1e-2);
    });
  }
  const stderr = 'traceHessianCovarianceProbeStderr';
  expect(Math.abs(told![stderr]! / found[stderr]! - 1)).toBeLessThan(1e-3);
  expect(told!.bNoiseProbeStderr).toBeGreaterThan(0);
});

test('the spectral density of the first examples is that of as many steps of `measure`, of other starts', async () => {
  const spec = { ...BASE, model: MODEL };
  const of = { starts: 16, steps: 12 };
  const { hessian } = (await measured(spec, 50, {
    density: true,
    exact: true,
    trace: true,
    ...of,
  })) as never as {
    hessian: { density: { grid: number[]; density: number[] }; trace: { value: number } };
  };
  const instruments = [{ type: 'density', examples: 50, at: [1], ...of }];
  const [told] = (await train({ ...spec, instruments })).result.readings.density!;
  const told64 = told as unknown as {
    grid: number[];
    density: number[];
    stderr: number[];
    sigma: number;
    trace: number;
    traceStderr: number;
  };
  expect(Math.abs(told64.trace - hessian.trace.value)).toBeLessThan(4 * told64.traceStderr);
  expect(told64.traceStderr).toBeLessThan(0.3 * hessian.trace.value);
  const step = told64.grid[1]! - told64.grid[0]!;
  expect(told64.density.reduce((sum, value) => sum + value * step, 0)).toBeCloseTo(1, 4);
  expect(told64.stderr).toHaveLength(told64.grid.length);
  // The outermost eigenvalues are there after so few steps, from any start.
  for (const at of [0, -1]) {
    const range = hessian.density.grid.at(-1)! - hessian.density.grid[0]!;
    expect(Math.abs(told64.grid.at(at)! - hessian.density.grid.at(at)!)).toBeLessThan(0.02 * range);
  }
});

/** Every kind of instrument, on steps that some share. */
const ALL: NonNullable<TrainSpec['instruments']> = [
  { type: 'noise_scale', every: 3, tests: true, layers: true, small_batch: 2 },
  { type: 'layer_norm_noise_scale', every: 6, small_batch: 2 },
  { type: 'eigenvalue', log: 4, examples: 40 },
  { type: 'hessian_noise', every: 5, examples: 40, probes: 3 },
  { type: 'batch_sharpness', at: [1, 6, 7, 8, 13] },
  { type: 'density', at: [6, 14], examples: 40, starts: 2, steps: 4 },
  { type: 'distance', every: 2 },
  { type: 'accuracy', split: 'test', log: 3 },
  { type: 'keskar', every: 4, examples: 12 },
];

test('all instruments at once: no bit of the run changes, replicas read what they do alone, and a run that goes on what it would have', async () => {
  expect(ALL.map(({ type }) => type)).toEqual(instruments.map(({ type }) => type));
  for (const model of [DEEP, NORMED]) {
    const replicas = [{ seed: 1 }, { seed: 2, lr: 0.1 }];
    const spec: TrainSpec = {
      ...BASE,
      model,
      steps: 14,
      batch_schedule: [
        { from_step: 0, batch_size: 20 },
        { from_step: 9, batch_size: 12 },
      ],
      replicas,
    };
    const plain = await train(spec);
    const watched = await train({ ...spec, instruments: ALL });
    const of = (result: Result, r: number) => (result.replicas as Result[])[r]!;
    expect(watched.weights).toEqual(plain.weights);
    for (const [r, replica] of replicas.entries()) {
      const { readings, ...rest } = of(watched.result, r);
      expect(rest).toEqual(of(plain.result, r));
      expect(Object.keys(readings)).toEqual(ALL.map(({ type }) => type));
      const alone = await train({ ...spec, replicas: [replica], instruments: ALL });
      expect(of(alone.result, 0).readings).toEqual(readings);
      const numbers = JSON.stringify(readings);
      expect(numbers).toBe(JSON.stringify(of(alone.result, 0).readings));
    }
    const first = of(watched.result, 0).readings;
    expect(first.distance!.map(({ step }) => step)).toEqual([1, 3, 5, 7, 9, 11, 13]);
    expect(first.density!.map(({ step }) => step)).toEqual([6, 14]);
    // BatchNorm in train mode leaves no example a gradient of its own.
    const hasUnits = model === DEEP;
    // Three looks' scatter is no error yet, and another batch size has another mean.
    const known = first.batch_sharpness!.map(({ meanStderr }) => meanStderr !== null);
    expect(known).toEqual([false, false, false, true, false]);
    expect(first.hessian_noise![0]!.bNoise !== null).toBe(hasUnits);
    expect(first.hessian_noise![0]!.epsMax).not.toBe(null);

    const kept: TrainSpec = { ...spec, instruments: ALL, snapshot: { file: 'run.snapshot', every: 6 } };
    const { snapshots, result } = await train(kept);
    const again = await train(kept, snapshots.get(6)!);
    expect(again.result.replicas).toEqual(result.replicas);
    expect(result.replicas).toEqual(watched.result.replicas);
  }
});
