import { expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/data/safetensors.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { noise } from '../../src/measure/noise.ts';
import { batchNorm1d, linear, relu, sequential } from '../../src/nn/layers.ts';
import { train } from '../../src/train/train.ts';
import type { Training, TrainingReading } from '../../src/train/training.ts';
import type { TrainSettings } from '../../src/train/trainSettings.ts';
import { testGpu } from './device.ts';
import { NO_MEMORY, watchBuffers } from './watchBuffers.ts';

const data = syntheticDataset('gaussian-clusters?examples=90&test=30&classes=3&dims=5');
const layers = sequential(linear(5, 8), batchNorm1d(8), relu(), linear(8, 3));
const SETTINGS: TrainSettings = { model: layers, data, steps: 30, batchSize: 10, momentum: 0.5 };
const SWEEP: TrainSettings = { ...SETTINGS, grid: { lr: [0.03, 0.1], seed: [0, 1, 2] } };

async function readAll(run: Training, until?: number): Promise<TrainingReading[]> {
  const readings: TrainingReading[] = [];
  for await (const reading of run.readings(until)) readings.push(reading);
  return readings;
}

test('each cell of a grid is bit for bit the run of its settings alone, and is found by them', async () => {
  const gpu = await testGpu();
  using sweep = await train(gpu, SWEEP);
  const readings = await readAll(sweep);
  expect(sweep.replicas.map(({ lr, seed }) => [lr, seed])).toEqual([
    [0.03, 0],
    [0.03, 1],
    [0.03, 2],
    [0.1, 0],
    [0.1, 1],
    [0.1, 2],
  ]);
  for (const [replica, settings] of sweep.replicas.entries()) {
    if (replica % 3 === 1) continue;
    using alone = await train(gpu, { ...SETTINGS, ...settings });
    const own = readings.filter(({ settings: { lr, seed } }) => lr === settings.lr && seed === settings.seed);
    expect(own).toHaveLength(30);
    expect(await readAll(alone)).toEqual(own.map((reading) => ({ ...reading, replica: 0 })));
    expect(await sweep.stateDict(settings)).toEqual(await alone.stateDict());
    expect(await sweep.stateDict(replica)).toEqual(await alone.stateDict());
  }
  expect(sweep.diverged({ lr: 0.1, seed: 1 })).toBeNull();
  expect(() => sweep.diverged({ lr: 0.1 })).toThrow('run: replica: { lr: 0.1 } is what 3 replicas have');
  await expect(sweep.stateDict()).rejects.toThrow('run: replica: none is named, and there are 6');
  await expect(sweep.point({ lr: 0.2, seed: 0 })).rejects.toThrow('lr is 0.03, 0.1');
});

test('zipped lists, seeds by purpose, a model with its loss: all are the replicas they say', async () => {
  const gpu = await testGpu();
  const zip = { lr: [0.1, 0.2], momentum: [0.9, 0], initSeed: [5, 5] };
  using run = await train(gpu, { ...SETTINGS, momentum: undefined, zip, grid: { orderSeed: [8, 9] } });
  const readings = await readAll(run, 1);
  expect(readings.map(({ settings }) => settings)).toEqual([
    { lr: 0.1, momentum: 0.9, weightDecay: 0, seed: 0, initSeed: 5, orderSeed: 8 },
    { lr: 0.1, momentum: 0.9, weightDecay: 0, seed: 0, initSeed: 5, orderSeed: 9 },
    { lr: 0.2, momentum: 0, weightDecay: 0, seed: 0, initSeed: 5, orderSeed: 8 },
    { lr: 0.2, momentum: 0, weightDecay: 0, seed: 0, initSeed: 5, orderSeed: 9 },
  ]);
  // One initialisation: a first batch's loss is of its order alone.
  expect(readings[2]!.loss).toBe(readings[0]!.loss);
  expect(readings[3]!.loss).toBe(readings[1]!.loss);
  expect(readings[1]!.loss).not.toBe(readings[0]!.loss);

  const { orderSeed, ...others } = run.replicas[3]!;
  const model = { layers, loss: 'cross_entropy' as const };
  using alone = await train(gpu, { ...SETTINGS, ...others, orderSeed, model });
  expect((await readAll(alone, 1))[0]!.loss).toBe(readings[3]!.loss);
});

test('epochs and a batch schedule: readings say how many examples were drawn', async () => {
  const gpu = await testGpu();
  const { steps: _, ...settings } = SETTINGS;
  using run = await train(gpu, {
    ...settings,
    lr: 0.1,
    epochs: 2,
    batchSchedule: [{ fromStep: 3, batchSize: 30 }],
  });
  const readings = await readAll(run);
  expect(readings.map(({ batchSize, examples }) => [batchSize, examples])).toEqual([
    [10, 10],
    [10, 20],
    [10, 30],
    ...[60, 90, 120, 150, 180].map((examples) => [30, examples]),
  ]);
  expect(readings.map(({ epoch }) => epoch)[4]).toBe(1);
  expect(readings.at(-1)!.epoch).toBe(2);
});

test('a run begins at weights that are given: those of another run, in memory or in its file', async () => {
  const gpu = await testGpu();
  using first = await train(gpu, { ...SETTINGS, lr: 0.1 });
  await readAll(first, 20);
  const weights = await first.stateDict();
  const { steps: _, ...others } = SETTINGS;
  using next = await train(gpu, { ...others, steps: 0, grid: { lr: [0.1, 0.2] }, weights });
  expect(await next.stateDict({ lr: 0.2 })).toEqual(weights);
  const tensors = new Map([...weights].map(([name, tensor]) => [`replica.1.${name}`, tensor]));
  const file = readSafetensors('w', writeSafetensors(tensors));
  const again = { ...others, steps: 30, lr: 0.1, weights: file, weightsPrefix: 'replica.1.' };
  using read = await train(gpu, again);
  await readAll(read, 3);
  // A snapshot knows which weights it began with.
  const resume = await read.snapshot();
  (await train(gpu, { ...again, resume })).dispose();
  const drawn = train(gpu, { ...SETTINGS, lr: 0.1, resume });
  await expect(drawn).rejects.toThrow(
    'resume: weights: is "given" in the snapshot\'s job, and nothing in this one',
  );
  const bias = { dtype: 'F32' as const, shape: [8], data: new Float32Array(8) };
  const moved = new Map(weights).set('0.bias', bias);
  const changed = train(gpu, { ...again, weightsPrefix: undefined, weights: moved, resume });
  await expect(changed).rejects.toThrow(
    'resume: weights: "given" does not hold what the snapshot\'s run was given',
  );
  await expect(train(gpu, { ...again, weightsPrefix: undefined })).rejects.toThrow(
    /weights: replica\.1\..*: unknown name, .*; weightsPrefix: "replica\.1\." finds them/,
  );
});

test('what is measured at a point is no part of the run: its snapshot stays, bit for bit', async () => {
  const gpu = await testGpu();
  using run = await train(gpu, { ...SETTINGS, lr: 0.1 });
  await readAll(run, 3);
  const before = await run.snapshot();
  using at = await run.point();
  await at.measure({ noise: noise({ probes: 2 }) });
  expect(await run.snapshot()).toEqual(before);
});

test('an average is there once something was averaged, BatchNorm’s statistics with it', async () => {
  const gpu = await testGpu();
  const averaging = { kind: 'swa' as const, start: 20, every: 5, bnBatchSize: 45 };
  using run = await train(gpu, { ...SETTINGS, lr: 0.1, averaging });
  await readAll(run, 19);
  const nothing = 'run: averaged: nothing is yet: the run is after step 19, averaging starts at step 20';
  const averaged = { which: 'averaged' } as const;
  await expect(run.stateDict(0, averaged)).rejects.toThrow(nothing);
  await expect(run.evaluate(data, averaged)).rejects.toThrow(nothing);
  await expect(run.point(0, averaged)).rejects.toThrow(nothing);
  await readAll(run, 20);
  // Of one capture: the weights themselves, and statistics of a pass with them, where nobody has asked for them before.
  using at = await run.point(0, { ...averaged, mode: 'eval' });
  const { measured } = await at.measure({ measured: noise({ hessian: false }) });
  const [evaluation] = await run.evaluate(data, averaged);
  const { loss } = evaluation!;
  expect(Math.abs(measured.loss - loss)).toBeLessThan(1e-5 * loss);
  expect((await run.stateDict(0, averaged)).get('0.weight')).toEqual((await run.stateDict()).get('0.weight'));

  const asked = { which: 'mean' } as unknown as typeof averaged;
  await expect(run.stateDict(0, asked)).rejects.toThrow(
    'run: which: is "mean", expected "last" or "averaged"',
  );
  await expect(run.point(0, { mode: 'test' } as object)).rejects.toThrow('run: mode: is "test", expected');
  using plain = await train(gpu, { ...SETTINGS, lr: 0.1 });
  expect(plain.warnings).toEqual([]);
  await expect(plain.evaluate(data, averaged)).rejects.toThrow('run: averaged: there is no average');
});

test('what is asked for at once is what it is one by one: weights, statistics, evaluations, a snapshot, readings', async () => {
  const gpu = await testGpu();
  const averaging = { kind: 'swa' as const, start: 5 };
  const settings = { ...SWEEP, steps: 60, averaging };
  const averaged = { which: 'averaged' } as const;
  using run = await train(gpu, settings);
  const readings = await readAll(run, 40);
  const kept = await run.snapshot();
  const places = [...run.replicas.keys()];
  const dicts = [];
  for (const place of places) dicts.push(await run.stateDict(place, averaged));
  const evaluation = await run.evaluate(data, averaged);
  const together = await Promise.all([
    run.evaluate(data, averaged),
    run.snapshot(),
    ...places.map((place) => run.stateDict(place, averaged)),
    run.evaluate(data, averaged),
  ]);
  expect(together).toEqual([evaluation, kept, ...dicts, evaluation]);

  // While it runs, read by two loops: each reading is told once, and a snapshot has all those before its step.
  using again = await train(gpu, settings);
  const told: TrainingReading[] = [];
  const loop = async (): Promise<void> => {
    for await (const reading of again.readings(40)) told.push(reading);
  };
  const [, , early] = await Promise.all([loop(), loop(), again.snapshot()]);
  expect(told).toEqual(readings);
  using resumed = await train(gpu, { ...settings, resume: early });
  expect(await readAll(resumed, 40)).toEqual(readings);
});

test('a replica that diverged says so at its point, and the device and data are what they have to be', async () => {
  const gpu = await testGpu();
  using run = await train(gpu, { ...SETTINGS, grid: { lr: [0.1, 1e30] } });
  await readAll(run);
  const { step } = run.diverged({ lr: 1e30 })!;
  using lost = await run.point({ lr: 1e30 });
  for (const asked of [() => lost.loss(), () => lost.gradient(), () => lost.measure(noise())]) {
    await expect(asked()).rejects.toThrow(
      `run: replica: diverged at step ${step}: the loss is not finite, so that nothing can be measured of it`,
    );
  }
  using kept = await run.point({ lr: 0.1 });
  expect(await kept.loss()).toBeGreaterThan(0);
  await expect(run.point({ lr: 0.1 }, 'eval' as never)).rejects.toThrow(
    'point: options: "eval", expected { data, mode, which }',
  );
  await expect(run.stateDict({ lr: 0.1 }, { weights: 'averaged' } as never)).rejects.toThrow(
    'stateDict: weights: is no option, expected { which }',
  );
  await expect(run.evaluate(data, 'averaged' as never)).rejects.toThrow('evaluate: options: "averaged"');
  await expect(run.evaluate(Promise.resolve(data) as never)).rejects.toThrow(
    'run: data: is a Promise: await it',
  );
  await expect(train(SETTINGS as never, gpu as never)).rejects.toThrow(
    /^train: gpu: is \{.*expected the device/,
  );
  await expect(train(Promise.resolve(gpu) as never, SETTINGS)).rejects.toThrow(
    'train: gpu: is a Promise: await openDevice()',
  );
  await expect(train(gpu, undefined as never)).rejects.toThrow(
    'train: settings: found nothing, expected { model, data, … } as the second argument',
  );
});

test('SWA off the ends of cycles is told', async () => {
  const swa = { type: 'swa', kind: 'cyclic', start: 1, cycle: 3, alpha1: 0.1, alpha2: 0.01 } as const;
  const averaging = { kind: 'swa', start: 2, every: 2 } as const;
  using run = await train(await testGpu(), { ...SETTINGS, lr: 0.1, schedule: swa, averaging });
  expect(run.warnings).toEqual([expect.stringMatching(/not all weights .*cycles of 3 end after steps 1, 4/)]);
});

test('a rate that is set holds for the replica that is meant, and is a number', async () => {
  const gpu = await testGpu();
  using run = await train(gpu, SWEEP);
  run.setLearningRate(0.5, { lr: 0.1, seed: 1 });
  const first = await readAll(run, 1);
  expect(first.map(({ learningRate }) => learningRate)).toEqual([0.03, 0.03, 0.03, 0.1, 0.5, 0.1]);
  // What it was given at the start stays its name.
  expect(first[4]!.settings.lr).toBe(0.1);
  for (const lr of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    expect(() => run.setLearningRate(lr)).toThrow(`run: lr: is ${lr}, expected a number of at least 0`);
  }
  expect(() => run.setLearningRate(0.1, { lr: 0.5 })).toThrow(
    'run: replica: { lr: 0.5 } is what none of 6 has',
  );
});

test('a run prints itself: model, replicas, how far it is, its programs and its memory', async () => {
  const gpu = await testGpu();
  using run = await train(gpu, { ...SWEEP, noiseScaleEvery: 5, smallBatch: 5 });
  await readAll(run, 12);
  const lines = String(run).split('\n');
  expect(lines.slice(0, 3)).toEqual([
    'Linear(5, 8) → BatchNorm1d(8) → ReLU → Linear(8, 3), cross_entropy, 91 parameters',
    '6 replicas; lr 0.03, 0.1; seed 0, 1, 2',
    'step 12 of 30, 90 examples (shuffle)',
  ]);
  expect(lines.slice(3, -1).map((line) => line.replace(/\d+ dispatches$/, 'n'))).toEqual([
    'step B=10: n',
    'step B=10 with noise_scale: n',
  ]);
  expect(run.programs.map(({ dispatches }) => dispatches.length).every((count) => count > 5)).toBe(true);
  expect(lines.at(-1)).toMatch(/^at most \d+\.\d MiB on the device, evaluations included$/);
});

test('a point says after which step it is, what it was trained on, and answers for other data', async () => {
  const gpu = await testGpu();
  const model = sequential(linear(5, 8), relu(), linear(8, 3));
  using run = await train(gpu, { ...SETTINGS, model, lr: 0.1 });
  // In a loop that goes on the device is ahead: the step says where.
  for await (const { step } of run.readings()) {
    if (step < 2) continue;
    using ahead = await run.point();
    expect(ahead.step).toBe(run.steps);
    break;
  }
  expect(run.setLearningRate(0.1)).toBe(run.steps + 1);
  const trained = await run.point();
  expect((await trained.measure(noise())).warnings.join()).toContain('trained on these examples');
  expect(String(trained)).toBe(
    `point: Linear(5, 8) → ReLU → Linear(8, 3), 75 parameters, after ${run.steps} steps; 90 examples of ${data.name}, train mode`,
  );

  const test = data.test!;
  const other = await run.point(0, { data: test });
  expect((await other.measure(noise())).warnings.join()).not.toContain('trained on');
  const [evaluation] = await run.evaluate(test);
  expect(await other.loss()).toBeCloseTo(evaluation!.loss, 5);
  const { shape, data: logits } = await other.outputs();
  expect(shape).toEqual([30, 3]);
  if (test.targets.kind !== 'classes') throw new Error('targets');
  const { labels } = test.targets;
  const right = [...labels].filter((label, n) => {
    const row = [...logits.subarray(3 * n, 3 * n + 3)];
    return row.indexOf(Math.max(...row)) === label;
  });
  expect(right.length / 30).toBeCloseTo(evaluation!.accuracy!, 6);
  await expect(
    run.point(0, { data: syntheticDataset('gaussian-clusters?examples=9&classes=3&dims=4') }),
  ).rejects.toThrow('Linear');
});

test('whatever way a run ends, nothing of it is left, its points neither; a second disposal does nothing', async () => {
  const gpu = await testGpu();
  const averaging = { kind: 'swa' as const };
  const watch = watchBuffers(gpu);
  try {
    let disposed: Training;
    {
      using run = await train(gpu, { ...SWEEP, averaging });
      disposed = run;
      for await (const { step } of run.readings()) if (step === 3) break;
      // With the arena as large as it comes to be.
      await run.evaluate(data, { which: 'averaged' });
      const held = watch.held();
      const at = await run.point(1, { which: 'averaged', mode: 'eval' });
      expect(watch.held()).toBeGreaterThan(held);
      at.dispose();
      expect(watch.held()).toBe(held);
      at.dispose();
      await run.point(2);
    }
    expect(watch.held()).toBe(0);
    // What a point measures is of a run that may have been disposed of meanwhile.
    const other = await train(gpu, SWEEP);
    const measured = (await other.point(1)).measure(noise());
    other.dispose();
    expect((await measured).gradNormSq).toBeGreaterThan(0);
    expect(watch.held()).toBe(0);
    disposed.dispose();
    expect(watch.held()).toBe(0);
    // It is no run any more, but says what it was.
    await expect(disposed.stateDict(0)).rejects.toThrow('the run is disposed of');
    await expect(disposed.point(0)).rejects.toThrow('the run is disposed of');
    await expect(disposed.evaluate()).rejects.toThrow('the run is disposed of');
    await expect(disposed.snapshot()).rejects.toThrow('the run is disposed of');
    await expect(readAll(disposed)).rejects.toThrow('the run is disposed of');
    expect(() => disposed.setLearningRate(0.1)).toThrow('the run is disposed of');
    expect(disposed.replicas).toHaveLength(6);
    expect(String(disposed)).toContain('6 replicas');

    // In the middle of a loop, with submits in flight.
    const run = await train(gpu, { ...SWEEP, steps: 3000 });
    await expect(async () => {
      for await (const { step } of run.readings()) if (step === 2) run.dispose();
    }).rejects.toThrow('the run is disposed of');
    expect(watch.held()).toBe(0);

    // By an error of the loop's body, and of a buffer that cannot be made, wherever.
    const failing = async () => {
      using own = await train(gpu, { ...SWEEP, averaging });
      for await (const { step } of own.readings()) if (step === 3) throw new Error('of the body');
    };
    const before = watch.made();
    await expect(failing).rejects.toThrow('of the body');
    const made = watch.made() - before;
    expect(watch.held()).toBe(0);
    for (let buffer = 0; buffer < made; buffer += 5) {
      watch.failAfter(buffer);
      await expect(failing, `buffer ${buffer}`).rejects.toThrow(NO_MEMORY);
      expect(watch.held(), `buffer ${buffer}`).toBe(0);
    }
    using whole = await train(gpu, SWEEP);
    await readAll(whole, 2);
    const held = watch.held();
    watch.failAfter(1);
    await expect(whole.point(3, { mode: 'eval' })).rejects.toThrow(NO_MEMORY);
    expect(watch.held()).toBe(held);
  } finally {
    watch.stop();
  }
});
