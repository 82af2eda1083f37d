import { expect, test } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { runJob } from '../../src/jobs/job.ts';
import { batchSharpness } from '../../src/measure/curvature/batchSharpness.ts';
import { CurvatureOperator } from '../../src/measure/curvature/operator.ts';
import { GradientDraws } from '../../src/measure/gradient/gradientDraws.ts';
import { gradientMoments } from '../../src/measure/gradient/gradientMoments.ts';
import { openLossesAround } from '../../src/measure/landscape/lossesAround.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { batchNorm1d, linear, relu, sequential } from '../../src/nn/layers.ts';
import type { StepReading } from '../../src/train/runReadings.ts';
import { train } from '../../src/train/train.ts';
import { type TrainingOptions, TrainingRun } from '../../src/train/trainingRun.ts';
import type { TrainSettings } from '../../src/train/trainSettings.ts';
import { batchGradient } from './batchGradient.ts';
import { testGpu } from './device.ts';
import { watchBuffers } from './watchBuffers.ts';

const data = syntheticDataset('gaussian-clusters?examples=200&classes=3&dims=5');
const layers = sequential(linear(5, 8), batchNorm1d(8), relu(), linear(8, 3));
const model = { layers: [...layers], loss: 'cross_entropy' as const };

function options(steps: number, seeds: readonly number[] = [1]): TrainingOptions {
  return {
    model,
    dataset: data,
    steps,
    batches: [{ fromStep: 0, batchSize: 10 }],
    sampling: 'shuffle',
    averaging: { kind: 'swa', start: 1, every: 1 },
    replicas: seeds.map((seed) => ({
      seed,
      settings: { momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false },
      rates: new Float32Array(steps).fill(0.02 * seed),
      weights: new Map([...initialStateDict(model, seed)].map(([name, { data: values }]) => [name, values])),
    })),
  };
}

async function readAll(run: TrainingRun): Promise<StepReading[]> {
  const all: StepReading[] = [];
  for await (const some of run.steps()) all.push(...some);
  return all;
}

test('a profile takes a step: its reading comes in its place, and nothing else is changed', async () => {
  const gpu = await testGpu();
  const plain = await TrainingRun.open(gpu, options(60));
  const expected = await readAll(plain);
  const run = await TrainingRun.open(gpu, options(60));
  const readings: StepReading[] = [];
  for await (const some of run.steps(20)) readings.push(...some);
  const times = await run.profile();
  expect(times.length).toBeGreaterThan(3);
  expect(run.submitted).toBe(21);
  for await (const some of run.steps(40)) {
    readings.push(...some);
    break;
  }
  // With submits in flight.
  await run.profile();
  readings.push(...(await readAll(run)));
  expect(readings).toEqual(expected);
  for (const which of ['last', 'averaged'] as const) {
    expect(await run.weights(0, which)).toEqual(await plain.weights(0, which));
  }
  await expect(run.profile()).rejects.toThrow('step 60 of 60 was the last');
  for (const each of [plain, run]) each.dispose();
});

test('left early, stopped or asked for in parts, no reading is lost', async () => {
  const gpu = await testGpu();
  const steps = 3000;
  const plain = await TrainingRun.open(gpu, options(steps));
  const expected = await readAll(plain);
  const run = await TrainingRun.open(gpu, options(steps));
  const readings: StepReading[] = [];
  for await (const some of run.steps()) {
    readings.push(...some);
    break;
  }
  expect(run.submitted).toBeGreaterThan(readings.length);
  // Fewer than are under way: no more than was asked for.
  const until = readings.length + 3;
  for await (const some of run.steps(until)) readings.push(...some);
  expect(readings).toHaveLength(until);
  for await (const some of run.steps()) {
    readings.push(...some);
    if (readings.length > 100) run.stop();
  }
  expect(run.submitted).toBeLessThan(steps);
  expect(readings).toEqual(expected.slice(0, run.submitted));
  for (const each of [plain, run]) each.dispose();
});

const SETTINGS: TrainSettings = {
  model: layers,
  data,
  steps: 200,
  batchSize: 10,
  grid: { lr: [0.02, 0.05] },
  seed: 3,
};

test('the library: readings go on where the last loop was left, in the middle of a submit too', async () => {
  const gpu = await testGpu();
  const run = await train(gpu, SETTINGS);
  const steps: string[] = [];
  const take = async (count: number, until?: number): Promise<void> => {
    for await (const { step, replica } of run.readings(until)) {
      steps.push(`${step} ${replica}`);
      if (--count === 0) return;
    }
  };
  await take(5);
  await take(40, 10);
  expect(steps).toHaveLength(20);
  await take(33);
  await take(1000);
  expect(steps).toEqual(Array.from({ length: 400 }, (_, i) => `${1 + (i >> 1)} ${i % 2}`));
  run.dispose();
});

test('a run whose replicas have all diverged ends, and says at which step', async () => {
  const gpu = await testGpu();
  const wild = {
    ...SETTINGS,
    model: sequential(linear(5, 8), linear(8, 3)),
    steps: 4000,
    grid: { lr: [1e8, 1e9] },
  };
  const run = await train(gpu, wild);
  for await (const _ of run.readings());
  expect(run.steps).toBeLessThan(1000);
  for (const replica of [0, 1]) {
    expect(run.diverged(replica)!.step).toBeLessThan(run.steps);
    expect(run.diverged(replica)!.reason).toMatch(/loss is not finite/);
  }
  run.dispose();
  // While one goes on, the run does.
  const one = await train(gpu, { ...wild, steps: 400, grid: { lr: [1e9, 0.01] } });
  for await (const _ of one.readings());
  expect(one.steps).toBe(400);
  expect([one.diverged(0) === null, one.diverged(1) === null]).toEqual([false, true]);
  one.dispose();

  const job = {
    job: 'train' as const,
    model: { hidden: [9] },
    data: 'gaussian-clusters?examples=200&classes=3&dims=5',
    batch_size: 16,
    steps: 5000,
    optimizer: { lr: 1e10 },
  };
  const host = { read: (path: string) => Promise.reject(new Error(path)) };
  let told = 0;
  for await (const event of runJob(gpu, job, host)) {
    if (event.type === 'diverged') told = event.step;
    if (event.type !== 'result') continue;
    const { steps, diverged } = event.result as { steps: number; diverged: { step: number } };
    expect(steps).toBeLessThan(1000);
    expect(diverged.step).toBe(told);
    expect(event.exitCode).toBe(3);
  }
  expect(told).toBeGreaterThan(0);
});

test('an evaluation of the training data uploads nothing, and one of other data once', async () => {
  const gpu = await testGpu();
  const run = await train(gpu, SETTINGS);
  for await (const _ of run.readings());
  const labels: string[] = [];
  const create = gpu.device.createBuffer.bind(gpu.device);
  gpu.device.createBuffer = (descriptor) => {
    labels.push(descriptor.label ?? '');
    return create(descriptor);
  };
  const other = { ...syntheticDataset('gaussian-clusters?examples=90&classes=3&dims=5'), name: 'other' };
  try {
    const first = await run.evaluate();
    expect(labels.filter((label) => label.startsWith(data.name))).toEqual([]);
    expect(await run.evaluate(data)).toEqual(first);
    await run.evaluate(other);
    await run.evaluate(other);
    expect(labels.filter((label) => / [xy]$/.test(label))).toEqual(['other x', 'other y']);
  } finally {
    Reflect.deleteProperty(gpu.device, 'createBuffer');
  }
  run.dispose();
});

test('a replica of a live run is measured by a copy, and the run goes on', async () => {
  const gpu = await testGpu();
  const run = await TrainingRun.open(gpu, options(40, [1, 2, 3]));
  for await (const _ of run.steps(20));
  const { point, dispose } = run.point(1, { mode: 'eval' });
  const gradient = await batchGradient(gpu, point);
  const weights = await run.weights(1);
  const evaluator = await run.evaluator();
  const [, evaluation] = await evaluator.evaluate();
  const mean = gradient.perExampleLoss.reduce((sum, loss) => sum + loss, 0) / 200;
  expect(mean).toBeCloseTo(evaluation!.loss, 5);
  for await (const _ of run.steps());
  expect(await batchGradient(gpu, point)).toEqual(gradient);
  expect(await run.weights(1)).not.toEqual(weights);
  expect(() => run.point(3)).toThrow('replica 3, expected one from 0 to 2');
  const watch = watchBuffers(gpu);
  run.point(0, { which: 'averaged' }).dispose();
  expect(watch.held()).toBe(0);
  watch.stop();
  evaluator.dispose();
  dispose();
  run.dispose();
});

test('the parameters of a live run are no point: everything that takes one refuses them by name', async () => {
  const gpu = await testGpu();
  for (const seeds of [[1], [1, 2]]) {
    const run = await TrainingRun.open(gpu, options(4, seeds));
    const { layout, theta, examples, buffers } = run;
    const point = { model, layout, theta, examples, context: { mode: 'eval' as const, buffers } };
    const own = run.point(0, { mode: 'eval' });
    const into = own.point.theta;
    const refused: Record<string, () => Promise<unknown>> = {
      moments: () => gradientMoments(gpu, point),
      meanGradient: () => batchGradient(gpu, point),
      'hessian products': () => CurvatureOperator.open(gpu, point, 1),
      'gradients of draws': () => GradientDraws.open(gpu, point, { batchSizes: [4], seed: 1, into }),
      'batch sharpness': () =>
        measureOver(gpu, point, { sharpness: batchSharpness({ batchSize: 4, batches: 1, seed: 1 }) }),
      'the loss along a line': () =>
        openLossesAround(gpu, point, { directions: 1, points: 2 * seeds.length, runs: 1 }),
    };
    const holds = new RegExp(
      `"parameters" is of a run's replicas, ${seeds.length} of them, expected one model`,
    );
    const watch = watchBuffers(gpu);
    for (const [what, work] of Object.entries(refused)) {
      const failure = work().catch((error: Error) => error.message);
      expect(await failure).toMatch(holds);
      expect(await failure).toContain(`${what}: `);
    }
    expect(watch.held()).toBe(0);
    watch.stop();
    // Its running statistics, with weights that are one model.
    const mixed = { ...own.point, context: point.context };
    await expect(async () => gradientMoments(gpu, mixed)).rejects.toThrow(/"running statistics" is of a run/);
    own.dispose();
    run.dispose();
  }
});
