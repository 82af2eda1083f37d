import { expect, test } from 'vitest';
import { readSafetensorsFile } from '../../src/data/safetensors.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { State } from '../../src/gpu/state.ts';
import { StateSet } from '../../src/gpu/stateSet.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { RunControl } from '../../src/host/runControl.ts';
import { type JobEvent, runJob } from '../../src/jobs/job.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
import { eigenvalue } from '../../src/measure/curvature/eigenvalueInstrument.ts';
import type { FollowedValue } from '../../src/measure/curvature/followedEigenvalue.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { batchNorm1d, linear, relu, sequential } from '../../src/nn/layers.ts';
import type { RunChange } from '../../src/train/runChange.ts';
import type { StepReading } from '../../src/train/runReadings.ts';
import { readSnapshot, writeSnapshot } from '../../src/train/snapshot.ts';
import { train } from '../../src/train/train.ts';
import { type TrainingOptions, TrainingRun } from '../../src/train/trainingRun.ts';
import type { TrainSettings } from '../../src/train/trainSettings.ts';
import { testGpu } from './device.ts';

const DATA = 'gaussian-clusters?examples=90&test=30&classes=3&dims=5';

interface Ended {
  /** As a file has it, but for its date. */
  readonly result: string;
  readonly tensors: Uint8Array | undefined;
  /** By step. */
  readonly snapshots: ReadonlyMap<number, Uint8Array>;
  readonly events: readonly JobEvent[];
}

/**
 * Runs a job to its end, or to where `leave` ends it.
 * @param from the snapshot that there is; null for none yet, left out for a run that is not resumed
 */
async function run(
  spec: TrainSpec,
  {
    from,
    on,
    control,
    each,
  }: {
    from?: Uint8Array | null;
    on?: Gpu;
    control?: RunControl;
    each?: (event: JobEvent) => 'leave' | undefined;
  } = {},
): Promise<Ended> {
  const host = {
    find: async (path: string) =>
      ({ path, is: from && path === 'run.snapshot' ? 'file' : 'nothing' }) as const,
    read: async (path: string) => from ?? Promise.reject(new Error(`asked for ${path}`)),
  };
  const job = { job: 'train' as const, ...spec, ...(from === undefined ? {} : { resume: true }) };
  const snapshots = new Map<number, Uint8Array>();
  const events: JobEvent[] = [];
  for await (const event of runJob(on ?? (await testGpu()), job, host, control)) {
    events.push(event);
    if (event.type === 'snapshot') snapshots.set(event.step, event.tensors);
    if (each?.(event) === 'leave') break;
  }
  const last = events.at(-1)!;
  const ended = last.type === 'result' ? last : undefined;
  const { date: _, ...result } = (ended?.result ?? {}) as Record<string, unknown>;
  return { result: JSON.stringify(result), tensors: ended?.tensors, snapshots, events };
}

function metadata(snapshot: Uint8Array): Readonly<Record<string, string>> {
  return readSafetensorsFile('run.snapshot', snapshot).metadata;
}

/** All that a step may depend on: statistics, Dropout, momentum, a batch schedule, an average, measurements. */
const NORMED: TrainSpec = {
  model: {
    layers: [
      { type: 'Linear', in_features: 5, out_features: 6 },
      { type: 'BatchNorm1d', num_features: 6 },
      { type: 'Tanh' },
      { type: 'Dropout', p: 0.25 },
      { type: 'Linear', in_features: 6, out_features: 3 },
    ],
    loss: 'cross_entropy',
  },
  data: DATA,
  batch_schedule: [
    { from_step: 0, batch_size: 8 },
    { from_step: 12, batch_size: 16 },
  ],
  steps: 24,
  seed: 3,
  optimizer: { lr: 0.2, momentum: 0.9, weight_decay: 1e-3 },
  lr_schedule: { type: 'cosine', T_max: 24 },
  averaging: { type: 'swa', start: 10, every: 4, bn_batch_size: 40 },
  measure: { every: 5, small_batch: 4, tests: true },
  replicas: [{ seed: 1 }, { seed: 2, lr: 0.1 }],
  evaluate: { every: 9 },
};

test('a run that goes on from any of its snapshots gives the bytes of one never stopped', async () => {
  const spec: TrainSpec = { ...NORMED, snapshot: { file: 'run.snapshot', every: 1 } };
  const whole = await run(spec);
  expect([...whole.snapshots.keys()]).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
  for (const [what, step] of [
    ['right after a measured step', 1],
    ['before a change of the batch', 11],
    ['at a change of the batch', 12],
    ['between two captures', 16],
    ['after the last step', 24],
  ] as const) {
    const again = await run(spec, { from: whole.snapshots.get(step)! });
    expect(again.result, what).toBe(whole.result);
    expect(again.tensors, what).toEqual(whole.tensors);
    // And so are the snapshots that it writes in its turn.
    for (const [at, bytes] of again.snapshots) expect(bytes, what).toEqual(whole.snapshots.get(at));
    expect(again.snapshots.size, what).toBe(24 - step);
    const note = again.events.find((event) => event.type === 'note')!;
    expect(note).toMatchObject({ text: `run.snapshot: the run goes on after step ${step} of 24` });
    // Readings come again from the first step on.
    const readings = again.events.flatMap((event) => (event.type === 'readings' ? event.readings : []));
    expect(readings).toHaveLength(48);
    expect(readings[0]!.step).toBe(1);
  }
  // Snapshots change nothing, however often.
  const plain = await run(NORMED);
  expect(plain.tensors).toEqual(whole.tensors);
  expect(JSON.parse(plain.result).replicas).toEqual(JSON.parse(whole.result).replicas);
  const seldom = await run({ ...spec, snapshot: { file: 'other', every: 10 } });
  expect([...seldom.snapshots.keys()]).toEqual([10, 20, 24]);
  expect(seldom.tensors).toEqual(whole.tensors);
  // That may change, and so may the file, without making another job of it.
  const moved = { ...spec, snapshot: { file: 'run.snapshot', every: 7 } };
  expect((await run(moved, { from: whole.snapshots.get(16)! })).tensors).toEqual(whole.tensors);
});

test('a run that ends within the pass for BatchNorm’s statistics goes on from its last step', async () => {
  const spec: TrainSpec = { ...NORMED, snapshot: { file: 'run.snapshot', every: 20 } };
  const whole = await run(spec);
  for (const weights of ['recomputed', 'swa']) {
    const killed = await run(spec, {
      each: (event) => (event.type === 'evaluation' && event.weights === weights ? 'leave' : undefined),
    });
    expect(killed.tensors).toBeUndefined();
    const again = await run(spec, { from: killed.snapshots.get(24)! });
    expect(again.result).toBe(whole.result);
    expect(again.tensors).toEqual(whole.tensors);
  }
});

const PLAIN: TrainSpec = {
  model: { hidden: [6] },
  data: DATA,
  batch_size: 10,
  steps: 60,
  optimizer: { lr: 0.1, momentum: 0.5 },
  snapshot: { file: 'run.snapshot', every: 15 },
};

test('where there is no snapshot yet, a run begins at its start and says so', async () => {
  const [whole, begun] = [await run(PLAIN), await run(PLAIN, { from: null })];
  expect(begun.result).toBe(whole.result);
  expect(begun.events.flatMap((event) => (event.type === 'note' ? event.text : []))).toEqual([
    'there is no run.snapshot yet: the run begins at its start',
  ]);
  const { snapshot: _, ...without } = PLAIN;
  await expect(run(without, { from: null })).rejects.toThrow(/train\.json: snapshot: missing, expected/);
});

test('divergence is kept: of one replica, and of all, which ends the run', async () => {
  const one: TrainSpec = {
    ...PLAIN,
    order: 'iid',
    replicas: [{ lr: 1e9 }, {}, { seed: 4 }],
    record_every: 2,
  };
  const some = await run({ ...one, averaging: { type: 'ema', decay: 0.9 } });
  const again = await run(
    { ...one, averaging: { type: 'ema', decay: 0.9 } },
    { from: some.snapshots.get(30)! },
  );
  expect(
    JSON.parse(some.result).replicas.map((r: { diverged?: unknown }) => r.diverged !== undefined),
  ).toEqual([true, false, false]);
  expect(again.result).toBe(some.result);
  expect(again.tensors).toEqual(some.tensors);

  const values = Array.from({ length: 4000 }, (_, i) => (i < 20 ? 0.1 : 1e30));
  const wild: TrainSpec = { ...PLAIN, lr_schedule: { type: 'table', values }, steps: 4000 };
  const all = await run(wild);
  const { diverged, steps } = JSON.parse(all.result);
  // However far the device was ahead.
  expect(steps).toBe(diverged.step);
  expect(diverged.step).toBeGreaterThan(15);
  const resumed = await run(wild, { from: all.snapshots.get(15)! });
  expect(resumed.result).toBe(all.result);
  expect(resumed.events.at(-1)).toMatchObject({ exitCode: 3 });
});

test('rates that were set from outside are part of it', async () => {
  const spec: TrainSpec = { ...PLAIN, replicas: [{ seed: 1 }, { seed: 2 }], steps: 75 };
  const control = new RunControl();
  const whole = await run(spec, {
    control,
    each: (event) => {
      if (event.type === 'snapshot' && event.step === 15) control.setLearningRate(0.03, 1);
      if (event.type === 'snapshot' && event.step === 30) control.setLearningRate(0.01);
      return undefined;
    },
  });
  const changed = whole.events.flatMap((event) => (event.type === 'learningRate' ? event.step : []));
  expect(changed).toHaveLength(2);
  expect(JSON.parse(metadata(whole.snapshots.get(75)!).changes!)).toEqual([
    { from: changed[0]! - 1, replica: 1, rate: 0.03 },
    { from: changed[1]! - 1, replica: null, rate: 0.01 },
  ]);
  for (const step of [45, 60]) {
    expect(step).toBeGreaterThanOrEqual(changed[1]! - 1);
    const again = await run(spec, { from: whole.snapshots.get(step)! });
    expect(again.tensors).toEqual(whole.tensors);
    const readings = ({ events }: Ended) =>
      events.flatMap((event) => (event.type === 'readings' ? event.readings : []));
    expect(readings(again)).toEqual(readings(whole));
  }
});

test('a batch size that was set from outside gives the bits of a schedule that has it there, and is kept', async () => {
  const spec: TrainSpec = {
    ...NORMED,
    batch_schedule: undefined,
    batch_size: 8,
    steps: 40,
    snapshot: { file: 'run.snapshot', every: 5 },
  };
  const control = new RunControl();
  const whole = await run(spec, {
    control,
    each: (event) => {
      if (event.type === 'snapshot' && event.step === 10) control.setBatchSize(16);
      if (event.type === 'snapshot' && event.step === 20) control.setBatchSize(6);
      return undefined;
    },
  });
  const readings = ({ events }: Ended) =>
    events.flatMap((event) => (event.type === 'readings' ? event.readings : []));
  const { changes, ...result } = JSON.parse(whole.result);
  expect(changes).toEqual([{ step: 11, batchSize: 16 }]);
  expect(whole.events).toContainEqual({ type: 'batchSize', step: 11, batchSize: 16 });
  expect(whole.events).toContainEqual({
    type: 'note',
    text: 'B = 6 was refused: measure.small_batch: is 4, expected a divisor of the batch size 6 below it',
  });
  const table = [
    { from_step: 0, batch_size: 8 },
    { from_step: 10, batch_size: 16 },
  ];
  const scheduled = await run({ ...spec, batch_size: undefined, batch_schedule: table });
  expect(whole.tensors).toEqual(scheduled.tensors);
  expect(result.replicas).toEqual(JSON.parse(scheduled.result).replicas);
  expect(readings(whole)).toEqual(readings(scheduled));
  for (const step of [10, 25]) {
    const again = await run(spec, { from: whole.snapshots.get(step)! });
    if (step === 10) expect(JSON.parse(again.result).changes).toBeUndefined();
    else {
      expect(again.result).toBe(whole.result);
      expect(again.tensors).toEqual(whole.tensors);
      expect(readings(again)).toEqual(readings(whole));
    }
  }
});

test('snapshots by the clock come when something was set, when the run rests, and at its end', async () => {
  const control = new RunControl();
  const spec: TrainSpec = { ...PLAIN, steps: 600, snapshot: { file: 'run.snapshot', seconds: 1000 } };
  const whole = await run(spec, {
    control,
    each: (event) => {
      if (event.type !== 'readings') return undefined;
      const step = event.readings.at(-1)!.step;
      if (step < 300) control.setLearningRate(0.05);
      return undefined;
    },
  });
  const steps = [...whole.snapshots.keys()];
  expect(steps.at(-1)).toBe(600);
  expect(steps.length).toBeGreaterThan(1);
  // The change is in it.
  const again = await run(spec, { from: whole.snapshots.get(steps[0]!)! });
  expect(JSON.parse(again.result).changes[0]).toEqual(JSON.parse(whole.result).changes[0]);
  const stopping = new RunControl();
  const stopped = await run(spec, {
    control: stopping,
    each: (event) => {
      if (event.type === 'readings') stopping.stop();
      return undefined;
    },
  });
  const [at] = [...stopped.snapshots.keys()];
  expect(JSON.parse(stopped.result).steps).toBe(at);
  const plain = await run(spec);
  expect((await run(spec, { from: stopped.snapshots.get(at!)! })).result).toBe(plain.result);
});

test('a resume takes the kernels of the snapshot, also for what runs after the last step', async () => {
  const gpu = await testGpu();
  const tuned: Gpu = { ...gpu, kernels: { wanted: () => 'tiles 4×4' } };
  const retuned: Gpu = { ...gpu, kernels: { wanted: () => 'tiles 8×8' } };
  const normed: TrainSpec = { ...NORMED, snapshot: { file: 'run.snapshot', every: 15 } };
  for (const spec of [PLAIN, normed]) {
    const whole = await run(spec, { on: tuned });
    const first = whole.snapshots.get(15)!;
    const { kernels } = JSON.parse(whole.result);
    expect(JSON.parse(metadata(first).kernels!)).toEqual(kernels);
    const again = await run(spec, { from: first, on: retuned });
    expect(again.result).toBe(whole.result);
    expect(again.tensors).toEqual(whole.tensors);
    // Here they matter: without them other kernels are taken.
    expect(JSON.parse((await run(spec)).result).kernels).not.toEqual(kernels);
  }
});

test('a snapshot of another job is refused, naming the key that differs', async () => {
  const spec: TrainSpec = { ...PLAIN, steps: 16, averaging: { type: 'swa', start: 4 } };
  const from = (await run(spec)).snapshots.get(15)!;
  const { kernels, job } = metadata(from) as { kernels: string; job: string };
  const [family, choices] = Object.entries(JSON.parse(kernels) as Record<string, object>)[0]!;
  expect(JSON.parse(job)).toMatchObject({ steps: 16, data: DATA, optimizer: { lr: 0.1 } });
  for (const [changes, message] of [
    [{ steps: 17 }, /steps: is 16 in the snapshot's job, and 17 in this one/],
    [{ optimizer: { lr: 0.2, momentum: 0.5 } }, /optimizer\.lr: is 0\.1 in the snapshot's job, and 0\.2 in/],
    [{ seed: 5 }, /: seed: is 0 in/],
    [{ batch_size: 12 }, /batch_size: is 10 in/],
    [{ order: 'iid' }, /order: is "shuffle" in the snapshot's job, and "iid"/],
    [{ averaging: { type: 'swa', start: 5 } }, /averaging\.start: is 4 in/],
    [{ averaging: undefined }, /averaging: is \{.*\} in the snapshot's job, and nothing in this one/],
    [{ measure: { every: 3 } }, /measure: is nothing in the snapshot's job, and \{/],
    [{ replicas: [{}] }, /replicas: is nothing in/],
    [{ lr_schedule: { type: 'cosine', T_max: 9 } }, /lr_schedule\.type: is "constant" in/],
    [{ model: { hidden: [7] } }, /model: \{"hidden":\[7\].*in the snapshot's job \{"hidden":\[6\]/],
    [{ data: `${DATA}&seed=8` }, /data: ".*seed=8", in the snapshot's job ".*dims=5", does not hold what/],
    [
      { kernels: { [family]: { [Object.keys(choices)[0]!]: 'another' } } },
      /kernels\.\w+\..*: the snapshot's run took ".*", not "another"/,
    ],
  ] as [Partial<TrainSpec>, RegExp][]) {
    await expect(run({ ...spec, ...changes }, { from }), String(message)).rejects.toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.stringMatching(message) }),
    );
  }
});

test('a snapshot that someone made whose changes the run cannot have had is refused, naming them', async () => {
  const spec: TrainSpec = { ...PLAIN, steps: 16 };
  const gpu = await testGpu();
  const read = await readSnapshot('run.snapshot', (await run(spec)).snapshots.get(15)!, gpu.info);
  for (const [change, message] of [
    [{ from: 2, replica: 7, rate: 0.1 }, /changes\.0\.replica: is 7, the run has 1 replicas$/],
    [{ from: 16, replica: null, rate: 0.1 }, /changes\.0\.from: is 16, expected at most the 15 steps that/],
    [{ from: 2, batchSize: 8, bSimple: 3 }, /: changes\.0: /],
    [{ from: 2, replica: 0, rateFactor: 2, search: { step: 2 } }, /: changes\.0: /],
    [{ from: 2, batchSize: 1e9 }, /limit of this adapter: .* takes 4000000000 bytes/],
  ] as [RunChange, RegExp][]) {
    const from = await writeSnapshot({ ...read, changes: [change] }, read, gpu.info);
    await expect(run(spec, { from }), String(message)).rejects.toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.stringMatching(message) }),
    );
  }
});

const SETTINGS: TrainSettings = {
  model: sequential(linear(5, 8), batchNorm1d(8), relu(), linear(8, 3)),
  data: syntheticDataset(DATA),
  steps: 60,
  batchSize: 10,
  grid: { lr: [0.05, 0.1] },
  momentum: 0.9,
  noiseScaleEvery: 4,
  smallBatch: 2,
  averaging: { kind: 'ema', start: 3, every: 2, decay: 0.8 },
};

test('the library: a run goes on from its snapshot, and tells its readings from the first step on', async () => {
  const gpu = await testGpu();
  const whole = await train(gpu, SETTINGS);
  const readings = [];
  let kept: Uint8Array | undefined;
  for await (const reading of whole.readings()) {
    readings.push(reading);
    // Within what a submit brought: the device is ahead of what was told.
    if (reading.step === 5 && reading.replica === 0) kept = await whole.snapshot();
  }
  const again = await train(gpu, { ...SETTINGS, resume: kept });
  expect(again.steps).toBeGreaterThanOrEqual(5);
  const told = [];
  for await (const reading of again.readings(3)) told.push(reading);
  expect(told).toHaveLength(6);
  for await (const reading of again.readings()) told.push(reading);
  expect(told).toEqual(readings);
  for (const which of ['last', 'averaged'] as const) {
    expect(await again.stateDict(1, { which })).toEqual(await whole.stateDict(1, { which }));
  }
  expect(await again.snapshot()).toEqual(await whole.snapshot());

  const refused = (changes: Partial<TrainSettings>) => train(gpu, { ...SETTINGS, resume: kept, ...changes });
  await expect(refused({ grid: { lr: [0.05, 0.2] } })).rejects.toThrow(
    /^resume: grid\.lr\.1: is 0\.1 in the snapshot's job, and 0\.2/,
  );
  await expect(refused({ batchSize: 12 })).rejects.toThrow(/^resume: batchSize: is 10 in/);
  await expect(refused({ noiseScaleEvery: 5 })).rejects.toThrow(/^resume: noiseScaleEvery: is 4 in/);
  await expect(refused({ grid: undefined, zip: SETTINGS.grid })).rejects.toThrow(
    /^resume: grid: is \{"lr":\[0\.05,0\.1\]\} in the snapshot's job, and nothing in this one/,
  );
  await expect(refused({ seed: 1 })).rejects.toThrow(/^resume: seed: is 0 in/);
  await expect(refused({ initSeed: 1 })).rejects.toThrow(/^resume: initSeed: is nothing in/);
  const wider = sequential(linear(5, 9), batchNorm1d(9), relu(), linear(9, 3));
  await expect(refused({ model: wider })).rejects.toThrow(/^resume: model\.layers\.0\.out_features: is 8 in/);
  await expect(refused({ data: syntheticDataset(`${DATA}&seed=4`) })).rejects.toThrow(
    /^resume: data: ".*&seed=4", in the snapshot's job ".*dims=5", does not hold what the snapshot's run was given/,
  );
  // Under another name they are what they were.
  (await refused({ data: { ...SETTINGS.data, name: 'moved' } })).dispose();
  await expect(refused({ resume: kept!.subarray(0, 900) })).rejects.toThrow(/^resume: .*cut short/);
  for (const each of [whole, again]) each.dispose();
});

test('an instrument’s own states go with the run', async () => {
  const gpu = await testGpu();
  const model = {
    layers: [...sequential(linear(5, 6), relu(), linear(6, 3))],
    loss: 'cross_entropy' as const,
  };
  const dataset = syntheticDataset(DATA);
  const options: TrainingOptions = {
    model,
    dataset,
    steps: 40,
    batches: [{ fromStep: 0, batchSize: 10 }],
    sampling: 'shuffle',
    instruments: [eigenvalue.make({ examples: 30, which: 'largest', steps: 6 }, { every: 4 })],
    replicas: [1, 2].map((seed) => ({
      seed,
      settings: { momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false },
      rates: new Float32Array(40).fill(0.05),
      weights: new Map([...initialStateDict(model, seed)].map(([name, { data }]) => [name, data])),
    })),
  };
  const read = async (run: TrainingRun) => {
    const readings: StepReading[] = [];
    for await (const some of run.steps()) readings.push(...some);
    return readings;
  };
  const whole = await TrainingRun.open(gpu, options);
  for await (const some of whole.steps(18)) if (some.length === 0) break;
  const state = await whole.snapshot();
  const expected = await read(whole);
  const again = await TrainingRun.open(gpu, options);
  // 18 losses of two replicas, and two numbers of each of five looks.
  expect(() => again.restore('s', { ...state, rows: state.rows.subarray(1) })).toThrow(
    /s: readings: are 55 numbers, expected 56/,
  );
  again.restore('s', state);
  const found = await read(again);
  expect(found.slice(36)).toEqual(expected);
  const looks = expected.flatMap((reading) => (reading.found[0] as FollowedValue | undefined) ?? []);
  expect(looks).toHaveLength(10);
  expect(looks.every(({ value }) => value !== 0)).toBe(true);
  // A run without the instrument does not know its states.
  const bare = await TrainingRun.open(gpu, { ...options, instruments: [] });
  expect(() => bare.restore('s', { ...state, rows: new Float32Array(36) })).toThrow(
    /s: instrument eigenvalue eigenvector: unknown name, expected the states param/,
  );
  for (const run of [whole, again, bare]) run.dispose();
});

test('states are read and written back whole, bit for bit, or not at all', async () => {
  const gpu = await testGpu();
  const states = new StateSet();
  const floats = states.add('floats', new State(gpu, { label: 'floats', shape: [3, 5], replicas: 3 }));
  const count = states.add('count', new State(gpu, { label: 'count', shape: [2], dtype: 'u32' }));
  expect(() => states.add('count', count)).toThrow('there is a state "count" already');
  // Bits that are no number, and a zero with a sign.
  const bits = Uint32Array.from({ length: 45 }, (_, i) => [0x7fc12345, 0x80000000, 0x3f800000 + i][i % 3]!);
  floats.writeAll(bits);
  count.writeAll(Uint32Array.of(7, 4294967295));
  const read = await states.read();
  expect(read.get('floats')!.shape).toEqual([3, 3, 5]);
  expect(read.get('count')).toEqual({ dtype: 'U32', shape: [2], data: Uint32Array.of(7, 4294967295) });
  expect(new Uint32Array((read.get('floats')!.data as Float32Array).buffer)).toEqual(bits);
  expect(await floats.readU32(2)).toEqual(bits.slice(30));

  floats.writeAll(new Float32Array(45));
  count.writeAll(new Uint32Array(2));
  const changed = (change: (tensors: Map<string, HostTensor>) => void) => {
    const tensors = new Map(read);
    change(tensors);
    return () => states.write('f', tensors);
  };
  expect(changed((t) => t.set('more', t.get('count')!))).toThrow(
    /^f: more: unknown name, expected the states floats, count/,
  );
  expect(changed((t) => t.delete('count'))).toThrow(/^f: count: missing from the file, expected U32 \[2\]/);
  expect(changed((t) => t.set('count', { ...t.get('floats')! }))).toThrow(
    /^f: count: found F32 \[3, 3, 5\], expected U32 \[2\]/,
  );
  expect(changed((t) => t.set('count', { dtype: 'U32', shape: [1], data: Uint32Array.of(1) }))).toThrow(
    /^f: count: found U32 \[1\], expected U32 \[2\]/,
  );
  // The floats, which fit, stand before what does not.
  expect(await floats.readAll()).toEqual(new Uint32Array(45));
  states.write('f', read);
  expect(await floats.readAll()).toEqual(bits);
  expect(await count.readU32()).toEqual(Uint32Array.of(7, 4294967295));
  for (const state of [floats, count]) state.dispose();
});

test.for([
  ['Adam’s moments and the ring of LAWA', { type: 'adam', lr: 0.02 }, { type: 'lawa', last: 3 }],
  ['amsgrad’s largest moment and SWAG’s deviations', { type: 'adamw', amsgrad: true }, { type: 'swag' }],
] as const)('%s are kept', async ([, optimizer, averaging]) => {
  const spec: TrainSpec = {
    ...NORMED,
    optimizer,
    averaging: { ...averaging, start: 4, every: 2, bn_order: 'shuffle' },
    replicas: [{ seed: 1 }, { seed: 2, lr: 0.1 }],
    snapshot: { file: 'run.snapshot', every: 13 },
  };
  const whole = await run(spec);
  const kept = {
    adam: ['exp_avg', 'exp_avg_sq', 'captures'],
    adamw: ['max_exp_avg_sq', 'squared_deviations'],
  };
  const { tensors } = readSafetensorsFile('run.snapshot', whole.snapshots.get(13)!);
  expect([...tensors.keys()]).toEqual(
    expect.arrayContaining(kept[optimizer.type].map((name) => expect.stringContaining(name))),
  );
  const again = await run(spec, { from: whole.snapshots.get(13)! });
  expect(again.result).toBe(whole.result);
  expect(again.tensors).toEqual(whole.tensors);
  const sgd: TrainSpec = { ...spec, optimizer: { lr: 0.1 } };
  await expect(run(sgd, { from: whole.snapshots.get(13)! })).rejects.toThrow(
    /optimizer\.type: is "adamw?" in the snapshot's job, and "sgd" in this one/,
  );
});
