import { expect, test } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { openDevice } from '../../src/gpu/device.ts';
import { RunControl } from '../../src/host/runControl.ts';
import { runJob } from '../../src/jobs/job.ts';
import { linear, relu, sequential } from '../../src/nn/layers.ts';
import { train } from '../../src/train/train.ts';
import { testGpu } from './device.ts';
import { watchBuffers } from './watchBuffers.ts';

const SPEC = {
  job: 'train' as const,
  model: { hidden: [9] },
  data: 'gaussian-clusters?examples=200&classes=3&dims=5',
  batch_size: 16,
  steps: 20,
  optimizer: { lr: 0.1 },
  measure: { every: 5 },
  averaging: { type: 'swa' as const, start: 5, every: 5 },
};
const HOST = {
  read: (path: string): Promise<Uint8Array> => Promise.reject(new Error(`nothing to read at ${path}`)),
};

test('a job leaves no buffer behind, whether it ends, is left early or is stopped', async () => {
  const gpu = await testGpu();
  const watch = watchBuffers(gpu);
  const types = new Set<string>();
  for await (const event of runJob(gpu, SPEC, HOST)) types.add(event.type);
  expect(types).toContain('result');
  expect(watch.made()).toBeGreaterThan(0);
  expect(watch.held()).toBe(0);
  for await (const event of runJob(gpu, SPEC, HOST)) {
    if (event.type !== 'readings') continue;
    expect(watch.held(), 'in the midst of a run').toBeGreaterThan(0);
    break;
  }
  expect(watch.held()).toBe(0);
  const control = new RunControl();
  let result: { steps: number; losses: number[] } | null = null;
  for await (const event of runJob(gpu, { ...SPEC, steps: 5000 }, HOST, control)) {
    if (event.type === 'readings') {
      expect(watch.held()).toBeGreaterThan(0);
      control.stop();
    }
    if (event.type === 'result') result = event.result as typeof result;
  }
  expect(watch.held()).toBe(0);
  // Every step that was taken has its loss.
  expect(result!.steps).toBeLessThan(5000);
  expect(result!.losses).toHaveLength(result!.steps);
  watch.stop();
});

test('a lost device ends the job with an error that names the last step read', async () => {
  const gpu = await openDevice();
  const long = { ...SPEC, steps: 100_000 };
  let last = 0;
  await expect(async () => {
    for await (const event of runJob(gpu, long, HOST)) {
      if (event.type !== 'readings') continue;
      last = event.readings.at(-1)!.step;
      if (last > 100) gpu.device.destroy();
    }
  }).rejects.toThrow(/device was lost .*; the last step read was \d+ of 100000/);
  expect(last).toBeGreaterThan(100);
});

test('a device lost while the weights are evaluated, and the library, name the last step as well', async () => {
  const gpu = await openDevice();
  const lost = async (): Promise<void> => {
    for await (const event of runJob(gpu, SPEC, HOST)) {
      if (event.type === 'phase' && event.phase === 'evaluating') gpu.device.destroy();
    }
  };
  await expect(lost()).rejects.toThrow(/device was lost .*; the last step read was 20 of 20 \(evaluating\)/);

  const other = await openDevice();
  const run = await train(other, {
    model: sequential(linear(5, 3)),
    data: syntheticDataset('gaussian-clusters?examples=200&classes=3&dims=5'),
    steps: 50,
    batchSize: 20,
    lr: 0.1,
  });
  for await (const _ of run.readings(30));
  other.device.destroy();
  await expect(run.evaluate()).rejects.toThrow(/device was lost .*; the last step read was 30 of 50/);
});

test('the library: a grid, readings, a changed rate, evaluation, the state dict', async () => {
  const gpu = await testGpu();
  const run = await train(gpu, {
    model: sequential(linear(5, 9), relu(), linear(9, 3)),
    data: syntheticDataset('gaussian-clusters?examples=200&classes=3&dims=5'),
    steps: 300,
    batchSize: 20,
    grid: { lr: [0.02, 0.2] },
    seed: 7,
    noiseScaleEvery: 10,
  });
  const readings = [];
  for await (const reading of run.readings(40)) readings.push(reading);
  expect(readings).toHaveLength(80);
  expect(readings.filter(({ traceCovariance }) => traceCovariance !== undefined)).toHaveLength(8);
  expect(Object.keys(readings[0]!.layers!)).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  run.setLearningRate(0.05, { lr: 0.2 });
  for await (const reading of run.readings()) readings.push(reading);
  expect(readings.at(-1)).toMatchObject({ step: 300, replica: 1, learningRate: 0.05 });
  const [slow, fast] = await run.evaluate();
  expect(fast!.loss).toBeLessThan(slow!.loss);
  expect(fast!.accuracy).toBeGreaterThan(0.5);
  expect((await run.stateDict({ lr: 0.2 })).get('0.weight')?.shape).toEqual([9, 5]);
  run.dispose();
});
