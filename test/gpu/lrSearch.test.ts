import { expect, test } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { runJob } from '../../src/jobs/job.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
import { localModel } from '../../src/measure/curvature/localModel.ts';
import { optimalRate } from '../../src/measure/statistics/localModel.ts';
import { batchNorm1d, linear, relu, sequential } from '../../src/nn/layers.ts';
import { train } from '../../src/train/train.ts';
import { testGpu } from './device.ts';

const DATA = 'linear-regression?examples=400';
const model = sequential(linear(16, 1));
const SETTINGS = { model, loss: 'mse' as const, steps: 12, batchSize: 8, lr: 0.05 };

test('on a quadratic the search finds ε_opt(B) of its local model, and the schedule goes on from there in proportion', async () => {
  const gpu = await testGpu();
  const data = syntheticDataset(DATA);
  const lrSearch = { after: 4, draws: 64, examples: 400 };
  const schedule = { type: 'cosine', T_max: 20 } as const;
  using run = await train(gpu, { ...SETTINGS, data, lrSearch, schedule, momentum: 0.5 });
  const rates: number[] = [];
  for await (const { learningRate } of run.readings(4)) rates.push(learningRate);
  expect(run.lrSearch()).toBeNull();
  using at = await run.point();
  const { local } = await at.measure(localModel({ probes: 32, seed: 1 }));
  for await (const { learningRate } of run.readings()) rates.push(learningRate);
  const found = run.lrSearch()!;
  const predicted = optimalRate(local, 8)!;
  expect(found).toMatchObject({ kind: 'one-step', step: 4, batchSize: 8 });
  expect(found.oneStepRateStderr).toBeGreaterThan(0);
  // Four standard errors, the tr(HΣ) of 32 probes aside: a tenth of it.
  expect(Math.abs(found.oneStepRate - predicted)).toBeLessThan(4 * found.oneStepRateStderr + 0.1 * predicted);
  // Momentum m makes 1/(1 − m) steps of each gradient.
  expect(found.learningRate).toBeCloseTo(found.oneStepRate / 2, 12);
  const cosine = (s: number): number => (0.05 * (1 + Math.cos((Math.PI * s) / 20))) / 2;
  rates.forEach((rate, s) => {
    expect(rate).toBeCloseTo(cosine(s) * (s < 4 ? 1 : found.learningRate / cosine(4)), 6);
  });
});

/** A run to its end. @param from the snapshot to go on from */
async function run(spec: TrainSpec, from?: Uint8Array) {
  const host = {
    find: async (path: string) => ({ path, is: from && path === 's' ? 'file' : 'nothing' }) as const,
    read: async () => from!,
  };
  const snapshots = new Map<number, Uint8Array>();
  const notes: string[] = [];
  const job = { job: 'train' as const, ...spec, ...(from ? { resume: true } : {}) };
  for await (const event of runJob(await testGpu(), job, host)) {
    if (event.type === 'snapshot') snapshots.set(event.step, event.tensors);
    if (event.type === 'note') notes.push(event.text);
    if (event.type !== 'result') continue;
    const { date: _, ...result } = event.result as {
      readonly date: string;
      readonly replicas: readonly { lrSearch: unknown }[];
    };
    return {
      result: JSON.parse(JSON.stringify(result)) as typeof result,
      tensors: event.tensors!,
      snapshots,
      notes,
    };
  }
  throw new Error('no result');
}

test('each replica has its own rate, labelled as one-step, and a run resumed before or after the search is the same', async () => {
  const spec: TrainSpec = {
    model: { hidden: [8], activation: 'Tanh' },
    data: 'gaussian-clusters?examples=300&test=30&classes=3&dims=5',
    batch_size: 8,
    steps: 9,
    optimizer: { lr: 0.3 },
    lr_search: { after: 4, draws: 4, examples: 200 },
    replicas: [{ seed: 1 }, { seed: 2, lr: 0.5 }],
    snapshot: { file: 's', every: 2 },
  };
  const whole = await run(spec);
  const found = whole.result.replicas.map(
    ({ lrSearch }) => lrSearch as { learningRate: number; kind: string },
  );
  expect(found.map(({ kind }) => kind)).toEqual(['one-step', 'one-step']);
  expect(found[0]!.learningRate).not.toBe(found[1]!.learningRate);
  expect(
    whole.notes.filter((text) => /one step is best at .* ± .*one-step: it need not train best/.test(text)),
  ).toHaveLength(2);
  for (const step of [2, 4, 6]) {
    const again = await run(spec, whole.snapshots.get(step)!);
    expect(again.result, `after step ${step}`).toEqual(whole.result);
    expect(again.tensors).toEqual(whole.tensors);
  }
});

test('what a search says nothing of is refused, and so is one whose grid does not hold the best rate', async () => {
  const gpu = await testGpu();
  const data = syntheticDataset(DATA);
  const refused = async (changes: object, message: string | RegExp) =>
    expect(train(gpu, { ...SETTINGS, data, lrSearch: {}, ...changes })).rejects.toThrow(message);
  await refused(
    { optimizer: 'adam' },
    'train: lrSearch: is along the gradient, expected the optimizer sgd, not adam',
  );
  await refused(
    { model: sequential(linear(16, 4), batchNorm1d(4), relu(), linear(4, 1)) },
    /lrSearch: .* layer 1 \(BatchNorm1d\) couples/,
  );
  await refused(
    { lr: undefined, schedule: { type: 'table', values: Array(12).fill(0.1) } },
    /schedule: is a table of absolute rates/,
  );
  await refused(
    { schedule: { type: 'constant', warmup: 3 } },
    'train: lrSearch.after: is 0, within the warm-up, expected at least 3',
  );
  await refused(
    { lrSearch: { after: 12 } },
    'train: lrSearch.after: is 12, expected fewer than the 12 steps of the run',
  );
  using run = await train(gpu, { ...SETTINGS, data, lr: 1e-7, lrSearch: { draws: 2 } });
  await expect(run.readings().next()).rejects.toThrow(
    /line search for ε: finds its rate at .* or above, the end of its grid/,
  );
});
