import { expect, test } from 'vitest';
import { fitDataset } from '../../src/data/dataset.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { State } from '../../src/gpu/state.ts';
import { noiseScaleInstrument } from '../../src/measure/gradient/noiseScaleInstrument.ts';
import { dropoutMask } from '../../src/nn/dropoutMask.ts';
import { forward } from '../../src/nn/forward.ts';
import type { ForwardContext } from '../../src/nn/forwardContext.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { dropout as dropoutLayer, linear, relu, sequential } from '../../src/nn/layers.ts';
import type { ModelSpec } from '../../src/nn/modelSpec.ts';
import { dropout } from '../../src/ops/index.ts';
import { purpose } from '../../src/random/purpose.ts';
import { TrainingRun } from '../../src/train/trainingRun.ts';
import { testGpu } from './device.ts';
import { evaluate, randomValues } from './trace.ts';

/** Seeds of replicas and one step of a run, on the device while `f` runs. */
async function withRandom<T>(
  seeds: readonly number[],
  step: number,
  f: (random: { seeds: State; counters: State }) => Promise<T>,
): Promise<T> {
  const gpu = await testGpu();
  const states = {
    seeds: new State(gpu, { label: 'seeds', shape: [1], dtype: 'u32', replicas: seeds.length }),
    counters: new State(gpu, { label: 'counters', shape: [3], dtype: 'u32' }),
  };
  seeds.forEach((seed, replica) => {
    states.seeds.write(Uint32Array.of(seed), { replica });
  });
  states.counters.write(Uint32Array.of(step, 0, 0));
  try {
    return await f(states);
  } finally {
    for (const state of Object.values(states)) state.dispose();
  }
}

const N = 65_536;

/** The device's 0 or 1/(1 − p) for each of N elements. */
async function drawn(p: number, seed: number, layer: number, step: number): Promise<Float32Array> {
  const [values] = await withRandom([seed], step, (random) =>
    evaluate([{ shape: [N], values: new Float32Array(N).fill(1) }], ([x]) => [
      dropout(x!, p, { ...random, purpose: purpose.dropout + layer }),
    ]),
  );
  return values![0]!;
}

/** Standard deviations within which an estimate must lie: 1 in 2 million falls outside by chance, and these are fixed. */
const SIGMAS = 5;

test.each([0.1, 0.5, 0.8])(
  'p = %f: mean, variance and counts of blocks are those of independent draws',
  async (p) => {
    const values = await drawn(p, 7, 2, 11);
    const kept = values.reduce((count, v) => count + (v === 0 ? 0 : 1), 0);
    const variance = p * (1 - p);
    // A count of N draws has variance N·p(1 − p).
    expect(Math.abs(kept - N * (1 - p))).toBeLessThan(SIGMAS * Math.sqrt(N * variance));
    const mean = values.reduce((a, b) => a + b, 0) / N;
    expect(Math.abs(mean - 1)).toBeLessThan(SIGMAS * Math.sqrt(p / (1 - p) / N) + 1e-6);
    const spread = values.reduce((a, v) => a + (v - mean) ** 2, 0) / (N - 1);
    // The variance of y is a function of the share kept, q(1 − q)/(1 − p)², whose slope in q is (1 − 2q)/(1 − p)².
    const slope = Math.abs(2 * p - 1) / (1 - p) ** 2;
    expect(Math.abs(spread - p / (1 - p))).toBeLessThan(
      SIGMAS * slope * Math.sqrt(variance / N) + SIGMAS ** 2 / N / (1 - p) ** 2 + 1e-5,
    );
    // Counts in blocks of 64: their variance is estimated from N/64 of them, to √(2/(N/64)) of itself.
    const blocks = N / 64;
    const counts = Array.from({ length: blocks }, (_, b) =>
      values.slice(64 * b, 64 * b + 64).reduce((count, v) => count + (v === 0 ? 0 : 1), 0),
    );
    const scatter = counts.reduce((a, c) => a + (c - 64 * (1 - p)) ** 2, 0) / blocks / (64 * variance);
    expect(Math.abs(scatter - 1)).toBeLessThan(SIGMAS * Math.sqrt(2 / blocks));
  },
);

test('masks of other steps, layers and seeds, and neighbouring elements, are uncorrelated', async () => {
  const p = 0.3;
  const centred = async (seed: number, layer: number, step: number): Promise<number[]> =>
    Array.from(await drawn(p, seed, layer, step), (v) => (v === 0 ? 0 : 1) - (1 - p));
  const base = await centred(1, 0, 0);
  const correlation = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((total, v, i) => total + v * b[i]!, 0) / a.length / (p * (1 - p));
  // A correlation of N independent pairs has standard deviation 1/√N.
  const bound = SIGMAS / Math.sqrt(N);
  expect(Math.abs(correlation(base, base) - 1)).toBeLessThan(bound);
  for (const [seed, layer, step] of [
    [1, 0, 1],
    [1, 0, 2],
    [1, 1, 0],
    [1, 2, 0],
    [2, 0, 0],
    [1, 1, 1],
  ] as const) {
    expect(Math.abs(correlation(base, await centred(seed, layer, step)))).toBeLessThan(bound);
  }
  for (const lag of [1, 2, 64]) {
    expect(Math.abs(correlation(base.slice(0, -lag), base.slice(lag)))).toBeLessThan(bound);
  }
});

test('a replica drops what it would alone, which is what the host says', async () => {
  const seeds = [3, 2 ** 32 - 1, 3];
  const x = randomValues(1001, 4);
  const draw = (some: readonly number[]): Promise<Float32Array[][]> =>
    withRandom(some, 9, (random) =>
      evaluate(
        [{ shape: [7, 143], values: x }],
        ([t]) => [dropout(t!, 0.25, { ...random, purpose: purpose.dropout + 5 })],
        some.length,
      ),
    );
  const [together] = await draw(seeds);
  for (const [r, seed] of seeds.entries()) {
    expect((await draw([seed]))[0]![0]).toEqual(together![r]);
    const kept = dropoutMask(x.length, { p: 0.25, seed, layer: 5, step: 9 });
    expect(Array.from(together![r]!, (v) => v !== 0)).toEqual(kept);
  }
  expect(together![0]).toEqual(together![2]);
  expect(together![0]).not.toEqual(together![1]);
});

test('p = 0 changes nothing, p = 1 leaves zeros, and a NaN stays one', async () => {
  const x = Float32Array.of(1, -2, 3, Number.NaN);
  const results = await withRandom([1], 0, (random) =>
    evaluate([{ shape: [4], values: x }], ([t]) =>
      [0, 1, 0.5].map((p) => dropout(t!, p, { ...random, purpose: purpose.dropout })),
    ),
  );
  expect(results[0]![0]).toEqual(x);
  expect([...results[1]![0]!].map(Math.abs)).toEqual([0, 0, 0, Number.NaN]);
  expect(results[2]![0]![3]).toBeNaN();
});

const MODEL: ModelSpec = {
  layers: sequential(dropoutLayer(0.2), linear(17, 33), relu(), dropoutLayer(), linear(33, 5)),
  loss: 'cross_entropy',
};

test('eval mode, and train mode without random numbers, drop nothing', async () => {
  const weights = [...initialStateDict(MODEL, 1).values()];
  const plain = { ...MODEL, layers: MODEL.layers.filter(({ type }) => type !== 'Dropout') };
  const outputs = (model: ModelSpec, context: ForwardContext): Promise<Float32Array[][]> =>
    evaluate(
      [
        { shape: [9, 17], values: randomValues(153, 2) },
        ...weights.map(({ shape, data }) => ({ shape, values: data })),
      ],
      ([x, ...parameters]) => [forward(model, parameters, x!, context)],
    );
  const expected = await outputs(plain, { mode: 'eval' });
  expect(await outputs(MODEL, { mode: 'train' })).toEqual(expected);
  await withRandom([1], 3, async (random) => {
    expect(await outputs(MODEL, { mode: 'eval', random })).toEqual(expected);
    expect(await outputs(MODEL, { mode: 'train', random })).not.toEqual(expected);
  });
});

async function trained(seeds: readonly number[], model = MODEL): Promise<Float32Array[]> {
  const steps = 30;
  const data = syntheticDataset('gaussian-clusters?examples=200&classes=5&dims=17&seed=3');
  const run = await TrainingRun.open(await testGpu(), {
    model,
    dataset: fitDataset(data, model).dataset,
    steps,
    batches: [{ fromStep: 0, batchSize: 21 }],
    sampling: 'shuffle',
    instruments: [noiseScaleInstrument({ smallBatch: 1, tests: false, layers: true }, { every: 10 })],
    replicas: seeds.map((seed) => ({
      seed,
      settings: { momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false },
      rates: new Float32Array(steps).fill(0.05),
      weights: new Map([...initialStateDict(model, 1)].map(([name, { data: values }]) => [name, values])),
    })),
  });
  for await (const _ of run.steps());
  const weights = await Promise.all(seeds.map((_, r) => run.theta.read(r)));
  run.dispose();
  return weights;
}

test('training with Dropout gives the same bits twice, and alone or among others', async () => {
  const [alone] = await trained([4]);
  expect(alone!.every(Number.isFinite)).toBe(true);
  expect((await trained([4]))[0]).toEqual(alone);
  const together = await trained([2, 4, 9]);
  expect(together[1]).toEqual(alone);
  expect(together[0]).not.toEqual(alone);
  const plain = { ...MODEL, layers: MODEL.layers.map((l) => (l.type === 'Dropout' ? { ...l, p: 0 } : l)) };
  expect((await trained([4], plain))[0]).not.toEqual(alone);
});
