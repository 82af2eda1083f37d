import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/data/safetensors.ts';
import { type JobEvent, runJob } from '../../src/jobs/job.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
import { testGpu } from './device.ts';

interface Result {
  losses: number[];
  finalLoss: number;
  accuracy: number;
  testLoss: number;
  finalLossRecomputed: number;
  accuracyRecomputed: number;
  testLossRecomputed: number;
  testAccuracyRecomputed: number;
  swaLoss: number;
  swaAccuracy: number;
  swaTestLoss: number;
  swaTestAccuracy: number;
  replicas: Result[];
  job: TrainSpec;
  version: string;
  adapter: { vendor: string; limits?: unknown };
  date: string;
  warnings: string[];
}

const NO_FILES = { read: (path: string) => Promise.reject(new Error(`asked for ${path}`)) };

async function train(
  spec: TrainSpec,
): Promise<{ result: Result; events: JobEvent[]; weights: Map<string, number[]> }> {
  const gpu = await testGpu();
  const events: JobEvent[] = [];
  for await (const event of runJob(gpu, { job: 'train', ...spec }, NO_FILES)) events.push(event);
  const last = events.at(-1)!;
  if (last.type !== 'result') throw new Error('no result');
  const tensors = readSafetensors('result', last.tensors!);
  // By way of text, as a file has it.
  const result = JSON.parse(JSON.stringify(last.result)) as Result;
  const weights = new Map([...tensors].map(([name, { data }]) => [name, Array.from(data as Float32Array)]));
  return { result, events, weights };
}

const DATA = 'gaussian-clusters?examples=96&test=40&classes=3&dims=5';
const SHORT: TrainSpec = {
  model: { hidden: [6], activation: 'Tanh' },
  data: DATA,
  batch_size: 16,
  steps: 7,
  seed: 3,
  optimizer: { type: 'sgd', lr: 0.3 },
};
const NORMED: TrainSpec['model'] = {
  layers: [
    { type: 'Linear', in_features: 5, out_features: 6 },
    { type: 'BatchNorm1d', num_features: 6 },
    { type: 'Tanh' },
    { type: 'Linear', in_features: 6, out_features: 3 },
  ],
  loss: 'cross_entropy',
};

test('a result repeats itself: the job in it gives the same bits, and it says where and when it was computed', async () => {
  const before = Date.now();
  const first = await train({
    ...SHORT,
    averaging: { type: 'swa', start: 4 },
    replicas: [{ lr: 0.1 }, { seed: 9 }],
  });
  const { job, version, adapter, date, warnings } = first.result;
  const again = await train(job);
  expect(again.result.replicas).toEqual(first.result.replicas);
  expect(again.weights).toEqual(first.weights);
  expect(again.result.job).toEqual(job);
  expect(job).toMatchObject({ seed: 3, order: 'shuffle', optimizer: { lr: 0.3, momentum: 0 } });
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
  expect(adapter).toMatchObject({ vendor: expect.any(String), software: expect.any(Boolean) });
  expect(adapter.limits).toBeUndefined();
  expect(Date.parse(date)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(date)).toBeLessThanOrEqual(Date.now());
  expect(warnings).toEqual([]);
});

test('the last weights stand beside the average with statistics by the same pass', async () => {
  // An average of the last weights alone is the last weights.
  const { result, weights } = await train({
    ...SHORT,
    model: NORMED,
    averaging: { type: 'swa', start: 7, bn_batch_size: 40 },
  });
  expect(weights.get('swa.0.weight')).toEqual(weights.get('0.weight'));
  expect(weights.get('swa.1.running_mean')).not.toEqual(weights.get('1.running_mean'));
  expect(result.finalLossRecomputed).toBe(result.swaLoss);
  expect(result.accuracyRecomputed).toBe(result.swaAccuracy);
  expect(result.testLossRecomputed).toBe(result.swaTestLoss);
  expect(result.testAccuracyRecomputed).toBe(result.swaTestAccuracy);
  expect(result.finalLossRecomputed).not.toBe(result.finalLoss);
  // And the last weights' own statistics stay as training left them: PyTorch's loss is that of a run without an average.
  const alone = await train({ ...SHORT, model: NORMED });
  expect(alone.result.finalLoss).toBe(result.finalLoss);
  expect(alone.weights.get('1.running_mean')).toEqual(weights.get('1.running_mean'));
  expect(alone.result.finalLossRecomputed).toBeUndefined();
});

test('without BatchNorm there is nothing to recompute', async () => {
  const { result } = await train({ ...SHORT, averaging: { type: 'ema', decay: 0.5 } });
  expect(result.finalLossRecomputed).toBe(result.finalLoss);
  expect(result.testLossRecomputed).toBe(result.testLoss);
});

test('seeds by purpose: the one that is given holds, the others follow from the seed', async () => {
  const runs: NonNullable<TrainSpec['replicas']> = [
    { seed: 1 },
    { seed: 1, order_seed: 8 },
    { seed: 2, order_seed: 8 },
    { seed: 2, init_seed: 5 },
    { seed: 1, init_seed: 5, order_seed: 8 },
  ];
  const { result } = await train({ ...SHORT, replicas: runs });
  const [one, otherOrder, otherInit, five, fiveOrdered] = result.replicas.map(({ losses }) => losses);
  // With one order, two first batches are one, and their losses tell the weights apart; and the other way round.
  const all = [one, otherOrder, otherInit, five, fiveOrdered];
  expect(new Set(all.map((losses) => losses![0])).size).toBe(5);
  const initial = await train({ ...SHORT, steps: 0, replicas: runs });
  const weights = runs.map((_, r) => initial.weights.get(`replica.${r}.0.weight`));
  expect(weights[1]).toEqual(weights[0]);
  expect(weights[2]).not.toEqual(weights[0]);
  expect(weights[4]).toEqual(weights[3]);
  expect(weights[3]).not.toEqual(weights[2]);

  // At the top they hold for every replica that says nothing of its own.
  const top = await train({
    ...SHORT,
    init_seed: 5,
    order_seed: 8,
    replicas: [{ seed: 1 }, { order_seed: 3 }],
  });
  expect(top.result.replicas[0]!.losses).toEqual(fiveOrdered);
  expect(top.result.replicas[1]!.losses).not.toEqual(fiveOrdered);
});

test('the seed of the data draws synthetic data', async () => {
  const [plain, other, named] = await Promise.all([
    train(SHORT),
    train({ ...SHORT, data_seed: 4 }),
    train({ ...SHORT, data: `${DATA}&seed=4` }),
  ]);
  expect(other.result.losses).not.toEqual(plain.result.losses);
  expect(other.result.losses).toEqual(named.result.losses);
});

test('SWA off the ends of cycles is told at once, and in the result', async () => {
  const { result, events } = await train({
    ...SHORT,
    lr_schedule: { type: 'swa', kind: 'cyclic', start: 1, cycle: 3, alpha1: 0.1, alpha2: 0.01 },
    averaging: { type: 'swa', start: 2, every: 2 },
  });
  expect(result.warnings).toHaveLength(1);
  expect(result.warnings[0]).toMatch(/not all weights .*2, 4, ….*cycles of 3 end after steps 1, 4/);
  const note = events.findIndex((event) => event.type === 'note' && event.text === result.warnings[0]);
  expect(note).toBeGreaterThan(0);
  expect(note).toBeLessThan(events.findIndex((event) => event.type === 'readings'));
});

test('a model without parameters, and more steps than are counted, are refused', async () => {
  const empty = { layers: [{ type: 'ReLU' }], loss: 'mse' };
  await expect(train({ ...SHORT, model: empty })).rejects.toThrow(
    /train\.json model: layers: none of them has parameters/,
  );
  const { steps: _, ...endless } = SHORT;
  await expect(train({ ...endless, epochs: 1e12 })).rejects.toThrow(
    /train\.json: epochs: come to 6000000000000 steps, expected at most 4294967295/,
  );
  await expect(train({ ...SHORT, steps: 2 ** 32 })).rejects.toThrow(/steps: is 4294967296, expected at most/);
});
