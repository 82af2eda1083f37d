import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/data/safetensors.ts';
import { selectExamples } from '../../src/data/selectExamples.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { runJob } from '../../src/jobs/job.ts';
import { batchNorm1d, linear, sequential, tanh } from '../../src/nn/layers.ts';
import { permutedIndex } from '../../src/random/permutation.ts';
import { train } from '../../src/train/train.ts';
import type { GivenAveraging, TrainSettings } from '../../src/train/trainSettings.ts';
import { testGpu } from './device.ts';

const data = syntheticDataset('gaussian-clusters?examples=60&test=0&classes=3&dims=5');
const SETTINGS: TrainSettings = {
  model: sequential(linear(5, 6), tanh(), linear(6, 3)),
  data,
  steps: 22,
  batchSize: 10,
  momentum: 0.9,
  grid: { lr: [0.1, 0.5] },
};

/** The weights of replica 1 after each step at which they are captured, and the run at its end. */
async function captured(averaging: GivenAveraging, steps: readonly number[]) {
  const run = await train(await testGpu(), { ...SETTINGS, averaging });
  const weights: Float64Array[] = [];
  for (const step of steps) {
    for await (const _ of run.readings(step));
    weights.push(Float64Array.from((await run.stateDict(1)).get('2.weight')!.data as Float32Array));
  }
  return { run, weights };
}

const meanOf = (weights: readonly Float64Array[], i: number): number =>
  weights.reduce((sum, w) => sum + w[i]!, 0) / weights.length;

test('LAWA is the mean of the last captures, from the first one on, and between two of them too', async () => {
  const { run, weights } = await captured({ kind: 'lawa', last: 3, start: 4, every: 5 }, [4, 9, 14, 19]);
  for await (const _ of run.readings());
  const average = (await run.stateDict(1, { which: 'averaged' })).get('2.weight')!.data as Float32Array;
  average.forEach((value, i) => {
    expect(Math.abs(value - meanOf(weights.slice(1), i))).toBeLessThan(1e-6);
    expect(value).not.toBe(weights[3]![i]);
  });
  run.dispose();
  const early = await captured({ kind: 'lawa', last: 3, start: 4, every: 5 }, [4, 9]);
  const two = (await early.run.stateDict(1, { which: 'averaged' })).get('2.weight')!.data as Float32Array;
  two.forEach((value, i) => {
    expect(Math.abs(value - meanOf(early.weights, i))).toBeLessThan(1e-6);
  });
  await expect(early.run.captureVariance(1)).rejects.toThrow(
    'run: averaging: is "lawa", which keeps no variance; expected "swag"',
  );
  early.run.dispose();
});

test('SWAG has the mean of SWA to the bit, and the captures’ variance', async () => {
  const steps = { start: 3, every: 4 };
  const { run, weights } = await captured({ kind: 'swag', ...steps }, [3, 7, 11, 15, 19]);
  for await (const _ of run.readings());
  const swa = await captured({ kind: 'swa', ...steps }, [22]);
  const averaged = { which: 'averaged' } as const;
  expect(await run.stateDict(1, averaged)).toEqual(await swa.run.stateDict(1, averaged));
  const variance = await run.captureVariance(1);
  expect([...variance.keys()]).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  const found = variance.get('2.weight')!.data as Float32Array;
  found.forEach((value, i) => {
    const mean = meanOf(weights, i);
    const exact = weights.reduce((sum, w) => sum + (w[i]! - mean) ** 2, 0) / weights.length;
    // Deviations of weights below 4, each of a few roundings of them.
    expect(Math.abs(value - exact)).toBeLessThan(1e-6 * Math.max(exact, Math.sqrt(exact)));
  });
  run.dispose();
  swa.run.dispose();
});

test('a variance far below the square of its mean is not lost', async () => {
  // One step moves weights near 1,000 by 1/8: exact in float32, and 1.6e-8 of their squares.
  const constant = {
    model: sequential(linear(1, 4, { bias: false })),
    loss: 'mse',
    weights: new Map([['0.weight', new Float32Array(4).fill(1000)]]),
  } as const;
  const x = new Float32Array(8).fill(1);
  const y = new Float32Array(32).fill(999.75);
  const run = await train(await testGpu(), {
    ...constant,
    data: { name: 'constant', x, exampleShape: [1], targets: { kind: 'values', y, width: 4 }, examples: 8 },
    steps: 2,
    batchSize: 8,
    // The gradient is 2(θ − y)/4 = 1/8.
    schedule: { type: 'table', values: [0, 1] },
    averaging: { kind: 'swag' },
  });
  for await (const _ of run.readings());
  const { data: variance } = (await run.captureVariance()).get('0.weight')!;
  // Of 1000 and 999.875.
  expect(Array.from(variance as Float32Array)).toEqual(new Array(4).fill(0.0625 ** 2));
  run.dispose();
});

const NORMED = {
  model: sequential(linear(5, 6), batchNorm1d(6), tanh(), linear(6, 3)),
  steps: 1,
  batchSize: 10,
  orderSeed: 7,
};

/** The statistics of the average of weights that do not move. */
async function statistics(of: typeof data, bnOrder?: 'file' | 'shuffle'): Promise<Float32Array> {
  const averaging = { kind: 'ema', decay: 0.5, bnBatchSize: 16, bnOrder } as const;
  const run = await train(await testGpu(), { ...NORMED, data: of, lr: 0, averaging });
  for await (const _ of run.readings());
  const found = (await run.stateDict(0, { which: 'averaged' })).get('1.running_var')!;
  run.dispose();
  return found.data as Float32Array;
}

test('BatchNorm’s pass for an average goes by the file, or by the order that the order seed draws', async () => {
  const drawn = Array.from({ length: 60 }, (_, i) => permutedIndex(7, 0, 60, i));
  const shuffled = await statistics(data, 'shuffle');
  expect(shuffled).toEqual(await statistics(selectExamples(data, drawn)));
  const file = await statistics(data, 'file');
  expect(file).toEqual(await statistics(data));
  expect(shuffled).not.toEqual(file);
});

test('the result has each average’s loss and tensors, and SWAG’s variance beside them', async () => {
  const host = { read: (path: string) => Promise.reject(new Error(`asked for ${path}`)) };
  for (const averaging of [{ type: 'lawa', last: 2 }, { type: 'swag' }] as const) {
    const { type } = averaging;
    const spec = {
      model: { hidden: [4] },
      data: 'gaussian-clusters?examples=60&test=20&classes=3&dims=5',
      steps: 6,
      optimizer: { lr: 0.1 },
      averaging,
      replicas: [{}, { seed: 1 }],
    };
    for await (const event of runJob(await testGpu(), { job: 'train', ...spec }, host)) {
      if (event.type !== 'result') continue;
      const [first] = (event.result as { replicas: Record<string, number>[] }).replicas;
      for (const key of ['Loss', 'Accuracy', 'TestLoss', 'TestAccuracy']) {
        expect(first![type + key], type + key).toBeTypeOf('number');
      }
      expect(first!.finalLossRecomputed).toBe(first!.finalLoss);
      const names = [...readSafetensors('result', event.tensors!).keys()];
      expect(names).toContain(`replica.1.${type}.0.weight`);
      expect(names.includes('replica.1.swagVariance.0.weight')).toBe(type === 'swag');
    }
  }
  expect.assertions(14);
});
