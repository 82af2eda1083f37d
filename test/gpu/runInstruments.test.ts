import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/data/safetensors.ts';
import { runJob } from '../../src/jobs/job.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
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
/** Of statistics that training keeps, and that what is measured takes. */
const NORMED: TrainSpec['model'] = {
  layers: [
    { type: 'Linear', in_features: 5, out_features: 6 },
    { type: 'BatchNorm1d', num_features: 6 },
    { type: 'Tanh' },
    { type: 'Dropout', p: 0.25 },
    { type: 'Linear', in_features: 6, out_features: 3 },
  ],
  loss: 'cross_entropy',
} as TrainSpec['model'];

type Told = { readonly step: number } & Readonly<Record<string, number | null>>;

interface Result {
  readonly losses: readonly number[];
  readonly readings: Readonly<Record<string, readonly Told[]>>;
  readonly [key: string]: unknown;
}

async function train(spec: TrainSpec) {
  const host = { read: async (path: string) => Promise.reject(new Error(`asked for ${path}`)) };
  for await (const event of runJob(await testGpu(), { job: 'train', ...spec }, host)) {
    if (event.type === 'result') return { result: event.result as Result, weights: event.tensors! };
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

test('what an instrument is of must be there', async () => {
  const refused = (given: Record<string, unknown>, more: Partial<TrainSpec> = {}) =>
    expect(train({ ...BASE, ...more, instruments: [given] })).rejects;
  await refused(
    { type: 'accuracy', split: 'test', every: 2 },
    { data: 'gaussian-clusters?examples=60&test=0' },
  ).toThrow(
    /instruments: has accuracy over the split "test", and .* has no data for testing; expected "train"/,
  );
  await refused({ type: 'accuracy', split: 'valid', every: 2 }).toThrow(/instruments\.0\.split: /);
  await refused({ type: 'distance', every: 2, examples: 3 }).toThrow(
    /instruments\.0\.examples: is no option of distance/,
  );
});
