import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/data/safetensors.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { type JobEvent, runJob } from '../../src/jobs/job.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
import { linear, relu, sequential } from '../../src/nn/layers.ts';
import { train } from '../../src/train/train.ts';
import type { BatchTable, UsedBatch } from '../../src/train/usedBatches.ts';
import { testGpu } from './device.ts';

const DATA = 'gaussian-clusters?examples=600&test=60&classes=3&dims=5';

interface Result {
  readonly steps: number;
  readonly losses: readonly number[];
  readonly batchSizes: readonly UsedBatch[];
  readonly asTable: BatchTable;
  readonly warnings: readonly string[];
}

/** Runs a job to its end. @param from the snapshot to go on from */
async function run(spec: TrainSpec, from?: Uint8Array) {
  const host = {
    find: async (path: string) =>
      ({ path, is: from && path === 'run.snapshot' ? 'file' : 'nothing' }) as const,
    read: async () => from!,
  };
  const snapshots = new Map<number, Uint8Array>();
  const events: JobEvent[] = [];
  const job = { job: 'train' as const, ...spec, ...(from ? { resume: true } : {}) };
  for await (const event of runJob(await testGpu(), job, host)) {
    events.push(event);
    if (event.type === 'snapshot') snapshots.set(event.step, event.tensors);
  }
  const last = events.at(-1)!;
  if (last.type !== 'result') throw new Error('no result');
  const { date: _, ...result } = last.result as Result & { readonly date: string };
  return { result: JSON.parse(JSON.stringify(result)) as Result, tensors: last.tensors!, snapshots, events };
}

/** Clusters that overlap: the noise scale rises far above the batch. */
const NOISY: TrainSpec = {
  model: { hidden: [8], activation: 'Tanh' },
  data: `${DATA}&spread=2`,
  batch_size: 8,
  steps: 240,
  seed: 1,
  optimizer: { lr: 0.05, momentum: 0.5 },
  lr_schedule: { type: 'cosine', T_max: 300 },
  averaging: { type: 'ema', decay: 0.9, every: 2 },
  measure: { every: 2 },
  batch_schedule: {
    rule: 'noise',
    examples_per_step: 40,
    check_every: 20,
    confirm: 2,
    lr_law: 'sqrt',
    min_batch_size: 4,
    max_batch_size: 64,
  },
};

test('a run whose noise scale decides B has the bits of one by its table, of itself again, and of itself resumed', async () => {
  const spec: TrainSpec = { ...NOISY, snapshot: { file: 'run.snapshot', every: 10 } };
  const whole = await run(spec);
  const { batchSizes, asTable, warnings } = whole.result;
  expect(batchSizes[0]).toEqual({ step: 1, batchSize: 8, learningRate: 0.05, reason: 'start' });
  expect(batchSizes.length).toBeGreaterThan(1);
  for (const { step, batchSize, learningRate, reason, bSimple, bSimpleInterval } of batchSizes.slice(1)) {
    expect(reason).toBe('noise');
    // After a check, and on the scale of √(r·B_simple).
    expect((step - 1) % 20).toBe(0);
    const [low, high] = bSimpleInterval!;
    const wanted = Math.min(64, Math.max(4, Math.sqrt(40 * (high === null ? low! : bSimple!))));
    expect(Math.abs(Math.log2(batchSize / wanted))).toBeLessThanOrEqual(0.5);
    const scheduled = (0.05 * (1 + Math.cos((Math.PI * (step - 1)) / 300))) / 2;
    expect(learningRate).toBeCloseTo(scheduled * Math.sqrt(batchSize / 8), 6);
  }
  expect(warnings).toEqual([
    'momentum 0.5 remembers 2 steps whatever B is: 8 examples at B = 4, 128 at B = 64',
    'the exponential average (decay 0.9) remembers 10 captures whatever B is: 80 examples at B = 4, 1,280 at B = 64',
  ]);
  const notes = whole.events.flatMap((event) => (event.type === 'note' ? event.text : []));
  expect(notes.filter((text) => text.startsWith(`step ${batchSizes[1]!.step}: B = `))).toHaveLength(1);

  const { batch_size: _, measure: __, ...rest } = NOISY;
  const yoked = await run({ ...rest, ...(asTable as unknown as Partial<TrainSpec>) } as TrainSpec);
  expect(yoked.tensors).toEqual(whole.tensors);
  expect(yoked.result.losses).toEqual(whole.result.losses);

  const changed = batchSizes[1]!.step - 1;
  for (const step of [10, changed - 20, changed - 10, changed, changed + 10, 240]) {
    const again = await run(spec, whole.snapshots.get(step)!);
    expect(again.result, `after step ${step}`).toEqual(whole.result);
    expect(again.tensors, `after step ${step}`).toEqual(whole.tensors);
    for (const [at, bytes] of again.snapshots) expect(bytes).toEqual(whole.snapshots.get(at));
  }
});

test('in a program: the same decisions however its steps are taken, and they are told', async () => {
  const gpu = await testGpu();
  const settings = {
    model: sequential(linear(5, 8), relu(), linear(8, 3)),
    data: syntheticDataset(`${DATA}&spread=2`),
    steps: 200,
    batchSize: 8,
    lr: 0.05,
    noiseScaleEvery: 1,
    batchSchedule: {
      rule: 'noise',
      examplesPerStep: 40,
      checkEvery: 25,
      lrLaw: 'linear',
      maxBatchSize: 64,
    },
  } as const;
  using whole = await train(gpu, settings);
  const drawn: number[] = [];
  for await (const { examples } of whole.readings()) drawn.push(examples);
  const used = whole.batchSizes();
  expect(used.length).toBeGreaterThan(1);
  // Examples are counted by the batches as they were.
  expect(drawn[199]! - drawn[198]!).toBe(used.at(-1)!.batchSize);
  using halting = await train(gpu, settings);
  for (const until of [1, 24, 25, 26, 60, 75, 131, 200]) {
    for await (const _ of halting.readings(until)) await halting.snapshot();
  }
  expect(halting.batchSizes()).toEqual(used);
  expect(await halting.stateDict()).toEqual(await whole.stateDict());
  // Before a change nothing of it is told.
  using early = await train(gpu, settings);
  for await (const _ of early.readings(used[1]!.step - 1));
  expect(early.batchSizes()).toEqual(used.slice(0, 1));
  // Its ladder is compiled before the first step.
  expect(
    early.programs.map(({ label }) => label).filter((label) => label.includes('noise_scale')),
  ).toHaveLength(4);
});

test('a run whose B grows where ε would be cut: fewer steps, as many examples, and a table that repeats it', async () => {
  const spec: TrainSpec = {
    model: { hidden: [8], activation: 'Tanh' },
    data: DATA,
    batch_size: 10,
    epochs: 3,
    seed: 1,
    optimizer: { lr: 0.2, momentum: 0.5 },
    lr_schedule: { type: 'step', step_size: 60, gamma: 0.25 },
    batch_schedule: { rule: 'grow' },
  };
  const { result, tensors } = await run(spec);
  // 180 steps of 10: 60 of 10, 15 of 40; then 16-fold is more than N/10 = 60, a sixfold batch and the rest of ε.
  expect(result.steps).toBe(60 + 15 + 10);
  expect(result.losses).toHaveLength(85);
  expect(result.batchSizes).toEqual([
    { step: 1, batchSize: 10, learningRate: 0.2, reason: 'start' },
    { step: 61, batchSize: 40, learningRate: 0.2, reason: 'schedule' },
    { step: 76, batchSize: 60, learningRate: 0.075, reason: 'schedule' },
  ]);
  expect(result.warnings).toEqual([
    'momentum 0.5 remembers 2 steps whatever B is: 20 examples at B = 10, 120 at B = 60',
  ]);
  const { batch_size: _, epochs: __, ...rest } = spec;
  const table = await run({ ...rest, ...(result.asTable as unknown as Partial<TrainSpec>) } as TrainSpec);
  expect(table.tensors).toEqual(tensors);
  expect([...readSafetensors('', table.tensors).keys()]).toContain('0.weight');
});

/** What a run is refused for, as a job and by the library. */
async function refusal(ofJob: Promise<unknown>): Promise<string> {
  return ofJob.then(
    () => 'nothing',
    (error: Error) => error.message,
  );
}

test('a rule that cannot change B, and instruments whose steps never come, are told; what bounds B is named', async () => {
  const spec: TrainSpec = {
    model: { hidden: [4] },
    data: DATA,
    batch_size: 10,
    steps: 6,
    optimizer: { lr: 0.1 },
    batch_schedule: { rule: 'grow' },
  };
  const still = await run({
    ...spec,
    instruments: [
      { type: 'distance', at: [7, 9] },
      { type: 'batch_sharpness', at: [6, 9] },
    ],
  });
  expect(still.result.batchSizes).toHaveLength(1);
  expect(still.result.warnings).toEqual([
    expect.stringMatching(/^the rule for B changes nothing: the schedule never cuts ε/),
    'distance: measured at no step, since all of "at" are beyond the 6 steps of the run',
  ]);
  const cut = { type: 'step' as const, step_size: 1, gamma: 0.01 };
  const beyond = { ...spec, steps: 200, lr_schedule: cut };
  expect(await refusal(run({ ...beyond, batch_schedule: { rule: 'grow', max_batch_size: 800 } }))).toMatch(
    /batch_schedule\.max_batch_size: lets batches be of 800, but there are 600 examples: expected at most/,
  );
  expect(await refusal(run({ ...spec, batch_size: 700, batch_schedule: { rule: 'grow' } }))).toMatch(
    /batch_size: is 700, but there are 600 examples/,
  );
  const data = syntheticDataset(DATA);
  const given = {
    model: sequential(linear(5, 4), relu(), linear(4, 3)),
    data,
    batchSize: 10,
    lr: 0.1,
  };
  const gpu = await testGpu();
  const quiet = await train(gpu, { ...given, steps: 6, batchSchedule: { rule: 'grow' } });
  expect(quiet.warnings).toEqual([expect.stringMatching(/^the rule for B changes nothing/)]);
  quiet.dispose();
  const large = { rule: 'grow' as const, maxBatchSize: 800 };
  expect(await refusal(train(gpu, { ...given, steps: 200, schedule: cut, batchSchedule: large }))).toMatch(
    /batchSchedule\.maxBatchSize: lets batches be of 800/,
  );
});

test('the noise of augmented examples drawn without replacement decides nothing', async () => {
  const augmented: TrainSpec = { ...NOISY, augment: { flip: true } };
  expect(await refusal(run(augmented))).toMatch(
    /batch_schedule: reads the noise scale, which augmented examples drawn without replacement do not tell: expected the order "iid"/,
  );
  // The examples are no images: what is refused next.
  expect(await refusal(run({ ...augmented, order: 'iid' }))).toMatch(/augment/);
});
