import { expect, test } from 'vitest';
import { type Dataset, fitDataset } from '../../src/data/dataset.ts';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { Arena } from '../../src/gpu/arena.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { State } from '../../src/gpu/state.ts';
import { runJob } from '../../src/jobs/job.ts';
import type { LandscapeSpec } from '../../src/jobs/landscape/landscapeSpec.ts';
import { Evaluator } from '../../src/measure/evaluation/evaluator.ts';
import { recomputeStatistics } from '../../src/measure/evaluation/recomputeStatistics.ts';
import { evaluatePoints, type PointsOf } from '../../src/measure/landscape/evaluatePoints.ts';
import { line, plane, rays } from '../../src/measure/landscape/landscape.ts';
import type { LandscapeInput } from '../../src/measure/landscape/landscapeInput.ts';
import type { PointValues } from '../../src/measure/landscape/landscapeResult.ts';
import { openPoint } from '../../src/measure/openPoint.ts';
import { point } from '../../src/measure/point.ts';
import { bufferLayout } from '../../src/nn/batchNorm.ts';
import { flatValues } from '../../src/nn/flatValues.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { type ModelSpec, parseModel, stateDictLayout } from '../../src/nn/modelSpec.ts';
import { stateDictTensors } from '../../src/nn/stateDict.ts';
import { testGpu } from './device.ts';
import { randomValues } from './trace.ts';

const DIMS = 6;
const CLASSES = 4;

/** Examples on which a small model is neither right nor wrong. */
function clusters(examples: number, shape?: number[]): Dataset {
  const data = syntheticDataset(
    `gaussian-clusters?examples=${examples}&test=0&classes=${CLASSES}&dims=${shape ? shape.reduce((a, b) => a * b) : DIMS}`,
  );
  return shape ? { ...data, exampleShape: shape } : data;
}

function mlp(hidden: number, { norm = false } = {}): ModelSpec {
  return parseModel('model', {
    loss: 'cross_entropy',
    layers: [
      { type: 'Linear', in_features: DIMS, out_features: hidden },
      ...(norm ? [{ type: 'BatchNorm1d', num_features: hidden }] : []),
      { type: 'ReLU' },
      { type: 'Linear', in_features: hidden, out_features: CLASSES },
    ],
  });
}

/** Weights by a seed, with running statistics that are none of the data's. */
function weights(model: ModelSpec, seed: number, scale = 0.7): Map<string, Float32Array | Uint32Array> {
  return new Map(
    stateDictLayout(model).map(({ name, shape }, i): [string, Float32Array | Uint32Array] => {
      const elements = shape.reduce((product, extent) => product * extent, 1);
      if (name.endsWith('num_batches_tracked')) return [name, Uint32Array.of(3)];
      const values = randomValues(elements, 31 * seed + i).map((value) => scale * value);
      return [name, name.endsWith('running_var') ? values.map((value) => 1 + value / 2) : values];
    }),
  );
}

function inputOf(model: ModelSpec, data: Dataset, more: Partial<LandscapeInput> = {}): LandscapeInput {
  const { dataset } = fitDataset(data, model);
  return { modelName: 'model', model, dataset, test: null, batchNorm: 'recompute', ...more };
}

async function values(gpu: Gpu, input: LandscapeInput, points: PointsOf): Promise<readonly PointValues[]> {
  const work = evaluatePoints(gpu, input, points);
  for (;;) {
    const next = await work.next();
    if (next.done) return next.value.values.flat();
  }
}

/** A span of two vectors through weights. */
function spanOf(model: ModelSpec, coefficients: readonly (readonly number[])[]): PointsOf {
  const layout = parameterLayout(model);
  const vectors = [1, 2].map((seed) => flatValues(layout, weights(model, seed)));
  return {
    origin: flatValues(layout, weights(model, 3)),
    spans: 1,
    directions: 2,
    vectors: () => vectors,
    coefficients,
    statistics: [flatValues(bufferLayout(model), weights(model, 3))],
  };
}

/** What the tests look at of a job's result. */
type JobResult = Readonly<
  Record<'testExamples' | 'job' | 'points' | 'kernels' | 'loss', unknown> & {
    adapter: { runtime: string };
    marks: Record<string, { x: number; y: number; distance: number }>;
  }
>;

/** A device as it is, but for the largest binding. */
function withBindingsOf(gpu: Gpu, bytes: number): Gpu {
  const limits = new Proxy(gpu.device.limits, {
    get: (of, key) => (key === 'maxStorageBufferBindingSize' ? bytes : Reflect.get(of, key, of)),
  });
  const device = new Proxy(gpu.device, {
    get(of, key) {
      if (key === 'limits') return limits;
      const value = Reflect.get(of, key, of);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
  return { ...gpu, device };
}

const COEFFICIENTS = Array.from({ length: 11 }, (_, i) => [0.2 * i - 1, 0.5 - 0.07 * i * i]);

for (const [what, model, data] of [
  ['a perceptron', mlp(2048), clusters(256)],
  ['with BatchNorm', mlp(2048, { norm: true }), clusters(256)],
  ['first outputs that are computed at each point', mlp(2047), clusters(256)],
] as const) {
  test(`a point has the same bits whatever the wave and its place in it: ${what}`, async () => {
    const gpu = await testGpu();
    const input = inputOf(model, data, what === 'with BatchNorm' ? { bnBatchSize: 100 } : {});
    const all = await values(gpu, input, spanOf(model, COEFFICIENTS));
    expect(all).toHaveLength(COEFFICIENTS.length);
    expect(new Set(all.map(({ loss }) => loss)).size).toBe(COEFFICIENTS.length);
    // Another order; one alone; fewer at once, since the adapter binds less.
    const reversed = await values(gpu, input, spanOf(model, COEFFICIENTS.toReversed()));
    expect(reversed.toReversed()).toEqual(all);
    for (const i of [0, 7]) {
      expect(await values(gpu, input, spanOf(model, [COEFFICIENTS[i]!]))).toEqual([all[i]]);
    }
    const small = withBindingsOf(gpu, 6 * 2 ** 20);
    expect(await values(small, input, spanOf(model, COEFFICIENTS))).toEqual(all);
    await expect(values(withBindingsOf(gpu, 2 ** 19), input, spanOf(model, COEFFICIENTS))).rejects.toThrow(
      /largest storage binding/,
    );
  });
}

test('losses at the solutions themselves are those of an evaluation, on a line, a plane and rays', async () => {
  const gpu = await testGpu();
  const model = mlp(12);
  const [data, tested] = [clusters(300), clusters(41)];
  const w1 = weights(model, 1);
  // Moved in tensors of their own, so that the plane's axes are the edges.
  const w2 = new Map([...w1, ['0.weight', w1.get('0.weight')!.map((value) => 1.5 * value)]]);
  const w3 = new Map([...w1, ['2.weight', w1.get('2.weight')!.map((value) => 0.3 * value)]]);
  const settings = { model, data, test: tested };
  const evaluated = async (of: typeof w1, on: Dataset): Promise<number> => {
    using at = await point(gpu, { model, weights: of, data: on, mode: 'eval' });
    return at.loss();
  };
  const expected = await Promise.all([w1, w2, w3].map((of) => evaluated(of, data)));
  const [testLoss] = [await evaluated(w2, tested)];

  const progress: number[] = [];
  const onProgress = ({ done }: { done: number }): void => void progress.push(done);
  const straight = await line(gpu, { ...settings, from: w1, to: w2, range: [0, 1], points: 3, onProgress });
  expect(progress.at(-1)).toBe(3);
  expect(straight.points.map(({ t }) => t)).toEqual([0, 0.5, 1]);
  const bent = await line(gpu, { ...settings, from: w1, to: w2, range: [-0.3, 1], points: 2, curved: true });
  expect(bent.points.map(({ t }) => t)).toEqual([-0.3, 1]);
  const found = await plane(gpu, { ...settings, through: [w1, w2, w3], points: [2, 2], margin: 0 });
  const around = await rays(gpu, { ...settings, weights: w2, rays: 2, points: 2 });
  for (const [loss, is] of [
    [straight.points[0]!.loss, expected[0]],
    [straight.points[2]!.loss, expected[1]],
    [straight.points[2]!.testLoss, testLoss],
    [bent.points[1]!.loss, expected[1]],
    [found.loss[0]![0], expected[0]],
    [found.loss[0]![1], expected[1]],
    [found.loss[1]![0], expected[2]],
    [found.testLoss![0]![1], testLoss],
    [around.rays[0]!.points[0]!.loss, expected[1]],
    [around.rays[1]!.points[0]!.testLoss, testLoss],
  ] as const) {
    // Sums of 300 losses in float32, in batches of another size.
    expect(Math.abs(loss! / is! - 1)).toBeLessThan(2e-6);
  }
  expect(found.x).toEqual([0, found.marks['2']!.x]);
  expect(found.y).toEqual([0, found.marks['3']!.y]);
  expect(found.accuracy!.flat().every((share) => share! >= 0 && share! <= 1)).toBe(true);
});

test('with BatchNorm statistics are recomputed at each point, or those of the files', async () => {
  const gpu = await testGpu();
  const model = mlp(8, { norm: true });
  const data = clusters(60);
  const [from, to] = [weights(model, 1), weights(model, 2)];
  const middle = new Map(
    [...from].map(([name, values]) => [
      name,
      name.endsWith('tracked') ? values : values.map((value, i) => (value + to.get(name)![i]!) / 2),
    ]),
  ) as typeof from;
  const settings = { model, data, from, to, range: [0, 0.5] as [number, number], points: 2 };
  const expected = async (recompute: boolean): Promise<{ loss: number; accuracy: number | null }> =>
    Scope.within(async (scope) => {
      const { dataset } = fitDataset(data, model);
      const parts = scope.own(openPoint(gpu, { model, mode: 'eval', dataset, weights: middle }));
      const { layout, theta, examples, context } = parts.point;
      const arena = scope.own(new Arena(gpu));
      const buffers = context.buffers as State;
      const of = { model, layout, theta, examples, arena };
      if (recompute) await recomputeStatistics(gpu, { ...of, buffers, batchSize: 16 });
      const evaluator = scope.own(await Evaluator.open(gpu, { ...of, buffers }));
      return (await evaluator.evaluate())[0]!;
    });
  for (const batchNorm of ['recompute', 'stored'] as const) {
    const { points, ...facts } = await line(gpu, {
      ...settings,
      batchNorm,
      ...(batchNorm === 'recompute' ? { bnBatchSize: 16 } : {}),
    });
    const { loss, accuracy } = await expected(batchNorm === 'recompute');
    expect(Math.abs(points[1]!.loss! / loss - 1)).toBeLessThan(5e-6);
    expect(points[1]!.accuracy).toBe(accuracy);
    expect(facts).toMatchObject({ batchNorm, bnBatchSize: batchNorm === 'recompute' ? 16 : null });
  }
  // Over all data as one batch by default, where they are no more than 256.
  expect((await line(gpu, settings)).bnBatchSize).toBe(60);
  const alone = line(gpu, { ...settings, bnBatchSize: 59 });
  await expect(alone).rejects.toThrow(/layer 1 \(BatchNorm1d\): the last batch of the pass that recomputes/);
});

test('a convolution, its data as bytes, in two batches', async () => {
  const gpu = await testGpu();
  const model = parseModel('model', {
    loss: 'cross_entropy',
    layers: [
      { type: 'Conv2d', in_channels: 1, out_channels: 4, kernel_size: 3 },
      { type: 'ReLU' },
      { type: 'Flatten' },
      { type: 'Linear', in_features: 16, out_features: CLASSES },
    ],
  });
  const data = clusters(258, [1, 4, 4]);
  const bytes = { ...data, x: Uint8Array.from(data.x, (value) => Math.abs(Math.round(40 * value)) % 256) };
  const w = weights(model, 5);
  using at = await point(gpu, { model, weights: w, data: bytes });
  const found = await rays(gpu, { model, weights: w, data: bytes, rays: 1, points: 2, radius: 0.5 });
  expect(Math.abs(found.rays[0]!.points[0]!.loss! / (await at.loss()) - 1)).toBeLessThan(2e-6);
});

test('rays: |d| = 1, by the seed alone, and the mean over rays with its error', async () => {
  const gpu = await testGpu();
  const model = mlp(12);
  const settings = { model, data: clusters(64), weights: weights(model, 1), points: 3, radius: 2 };
  const found = await rays(gpu, { ...settings, rays: 4, seed: 9 });
  const fewer = await rays(gpu, { ...settings, rays: 2, seed: 9 });
  expect(found.rays.slice(0, 2)).toEqual(fewer.rays);
  expect(found.directions.slice(0, 2)).toEqual(fewer.directions);
  const flat = found.directions.map((each) => [...each.values()].flatMap((tensor) => [...tensor]));
  for (const d of flat) {
    expect(d).toHaveLength(found.parameters);
    expect(d.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
  }
  expect(Math.abs(flat[0]!.reduce((sum, value, i) => sum + value * flat[1]![i]!, 0))).toBeLessThan(0.5);
  expect(new Set(found.rays.map(({ points }) => points[0]!.loss)).size).toBe(1);
  expect(found.mean.points[0]!.lossStderr).toBe(0);
  const losses = found.rays.map(({ points }) => points[2]!.loss!);
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / 4;
  const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / 3;
  expect(found.mean.points[2]!.loss).toBeCloseTo(mean, 12);
  expect(found.mean.points[2]!.lossStderr).toBeCloseTo(Math.sqrt(variance / 4), 12);
  expect(found.mean.points[2]).toMatchObject({ t: 2, testLoss: null, testLossStderr: null });
});

test('a ReLU network that is scaled by 10 in one layer and 0.1 in the next has the same filter-normalised rays', async () => {
  const gpu = await testGpu();
  const model = mlp(12);
  const w = weights(model, 1);
  const factors: Record<string, number> = { '0.weight': 10, '0.bias': 10, '2.weight': 0.1 };
  const scaled = new Map(
    [...w].map(([name, values]) => [name, values.map((value) => (factors[name] ?? 1) * value)]),
  ) as typeof w;
  const of = async (weights_: typeof w, filterNormalised: boolean): Promise<number[]> => {
    const settings = { model, data: clusters(200), weights: weights_, rays: 3, points: 5, radius: 1 };
    const found = await rays(gpu, { ...settings, filterNormalised });
    return found.rays.flatMap(({ points }) => points.map(({ loss }) => loss!));
  };
  const [before, after] = [await of(w, true), await of(scaled, true)];
  before.forEach((loss, i) => {
    expect(Math.abs(after[i]! / loss - 1)).toBeLessThan(0.01);
  });
  // Along rays of one length they are another function's: their rise is ten times another.
  const [plain, moved] = [await of(w, false), await of(scaled, false)];
  const rise = (losses: readonly number[]): number => losses[4]! - losses[0]!;
  expect(Math.abs(Math.log(Math.abs(rise(moved) / rise(plain))))).toBeGreaterThan(Math.log(2));
  // Biases stay, and each filter has the solution's norm.
  const { directions } = await rays(gpu, {
    ...{ model, data: clusters(4), weights: w, rays: 1, points: 2, filterNormalised: true },
  });
  const [d] = directions;
  expect([...d!.get('0.bias')!, ...d!.get('2.bias')!].every((value) => value === 0)).toBe(true);
  for (let row = 0; row < 12; row++) {
    const norm = (of_: ArrayLike<number>): number =>
      Math.hypot(...Array.from(of_).slice(row * DIMS, (row + 1) * DIMS));
    expect(norm(d!.get('0.weight')!) / norm(w.get('0.weight')!)).toBeCloseTo(1, 5);
  }
});

test('a loss that is not finite is null, with a note', async () => {
  const gpu = await testGpu();
  const model = mlp(12);
  const settings = { model, data: clusters(20), from: weights(model, 1), to: weights(model, 2) };
  const { points, warnings } = await line(gpu, { ...settings, range: [0, 1e25], points: 3 });
  expect(points[0]!.loss).toBeGreaterThan(0);
  expect(points.slice(1)).toEqual(
    [5e24, 1e25].map((t) => ({ t, loss: null, accuracy: null, testLoss: null, testAccuracy: null })),
  );
  expect(warnings).toEqual(['loss is not finite at 2 of 3 points: it and accuracy are null there']);
  const same = await line(gpu, { ...settings, to: settings.from, points: 2 });
  expect(same.warnings).toEqual(['from and to hold the same parameters']);
});

test('settings that cannot be meant are refused by name', async () => {
  const gpu = await testGpu();
  const model = mlp(12);
  const data = clusters(20);
  const [w1, w2] = [weights(model, 1), weights(model, 2)];
  const between = new Map(
    [...w1].map(([name, values]) => [
      name,
      values.map((value, i) => 0.25 * value + 0.75 * w2.get(name)![i]!),
    ]),
  ) as typeof w1;
  const ends = { model, data, from: w1, to: w2 };
  const { '0.bias': _, ...without } = Object.fromEntries(w2) as Record<string, Float32Array>;
  for (const [work, message] of [
    [
      line(gpu, { ...ends, range: [1, 1] }),
      'range: is 1 1, expected two numbers, the first below the second',
    ],
    [line(gpu, { ...ends, points: 1 }), 'points: is 1, expected an integer of at least 2'],
    [line(gpu, { ...ends, to: without }), 'to: 0.bias: missing from the file'],
    [line(gpu, { ...ends, bnBatchSize: 0 }), 'bnBatchSize: is 0, expected an integer of at least 1'],
    [
      line(gpu, { ...ends, batchNorm: 'none' as 'stored' }),
      "batchNorm: is \"none\", expected 'recompute' or 'stored'",
    ],
    [line(gpu, { ...ends, curve: true } as unknown as typeof ends), 'line: curve: is no option'],
    [
      plane(gpu, { model, data, through: [w1, w2, between] }),
      'through: through[0], through[1], through[2]: they lie on one line',
    ],
    [plane(gpu, { model, data, through: [w1, w1, w2] }), 'the first two hold the same parameters'],
    [
      plane(gpu, { model, data, through: [w1, w2, weights(model, 3)], mark: { 2: w1 } }),
      'mark: the name "2" is taken, expected another one than 1, 2, 3',
    ],
    [
      plane(gpu, { model, data, through: [w1, w2, w2], margin: -1 }),
      'margin: is -1, expected a number of at least 0',
    ],
    [rays(gpu, { model, data, weights: w1, rays: 0 }), 'rays: is 0, expected an integer of at least 1'],
    [rays(gpu, { model, data, weights: w1, radius: 0 }), 'radius: is 0, expected a number above 0'],
    [
      plane(gpu, { model, data, through: [w1, w2, weights(model, 3)], points: [1e5, 1e5] }),
      'points: 100000 × 100000 come to 10000000000 points, expected at most 1048576',
    ],
    [
      rays(gpu, { model, data, weights: w1, rays: 1e6, points: 2 }),
      'rays: 1000000 × 2 come to 2000000 points',
    ],
    [
      rays(gpu, { model, data, weights: weights(model, 1, 0), filterNormalised: true }),
      'filter-normalised: every direction is 0',
    ],
    [
      line(gpu, { ...ends, bnBatchSize: 8 }),
      'bnBatchSize: is 8, expected none: there is no pass that recomputes statistics, since the model has no BatchNorm',
    ],
    [rays(gpu, { model, data, weights: w1, seed: -1 }), 'seed: is -1, expected an integer in [0, 2³²)'],
  ] as const) {
    await expect(work).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining(message),
    });
  }
});

test('the job: weights under a prefix, a test split where it is asked for, directions as tensors, provenance', async () => {
  const gpu = await testGpu();
  const model = mlp(12);
  const layout = stateDictLayout(model);
  const [w1, w2, w3] = [1, 2, 3].map((seed) => weights(model, seed)) as [
    Map<string, Float32Array>,
    ...Map<string, Float32Array>[],
  ];
  const both = new Map([
    ...stateDictTensors(w1, layout),
    ...stateDictTensors(w2!, layout, { prefix: 'swa.' }),
  ]);
  const files = new Map<string, Uint8Array>([
    ['model.json', new TextEncoder().encode(JSON.stringify(model))],
    ['run.safetensors', writeSafetensors(both)],
    ['w3.safetensors', writeSafetensors(stateDictTensors(w3!, layout))],
  ]);
  const host = { read: async (path: string): Promise<Uint8Array> => files.get(path)! };
  const name = `gaussian-clusters?examples=50&test=30&classes=${CLASSES}&dims=${DIMS}`;
  const run = async (spec: LandscapeSpec) => {
    for await (const event of runJob(gpu, { job: 'landscape', ...spec }, host)) {
      if (event.type === 'result') return event as { result: JobResult; tensors?: Uint8Array };
    }
    throw new Error('no result');
  };
  const swa = { weights: 'run.safetensors', prefix: 'swa.' };
  const of = { model: 'model.json', data: name };
  const { result, tensors } = await run({ kind: 'line', ...of, from: 'run.safetensors', to: swa, points: 4 });
  const data = syntheticDataset(name);
  const own = await line(gpu, { model, data, from: w1, to: w2!, points: 4 });
  expect(tensors).toBeUndefined();
  expect(result).toMatchObject({
    ...own,
    testExamples: null,
    version: expect.any(String),
    date: expect.any(String),
  });
  expect(result.job).toEqual({
    ...{ job: 'landscape', kind: 'line', ...of, from: 'run.safetensors', to: swa, batch_norm: 'recompute' },
    ...{ range: [-1, 2], points: 4, curved: false },
  });
  expect(result.adapter.runtime).toBe(gpu.info.runtime);
  expect(Object.keys(result.kernels as object).length).toBeGreaterThan(0);
  const tested = await run({ kind: 'line', ...of, test: name, from: 'run.safetensors', to: swa, points: 4 });
  expect(tested.result.testExamples).toBe(30);
  expect(tested.result.points).toEqual(
    (await line(gpu, { model, data, test: data.test!, from: w1, to: w2!, points: 4 })).points,
  );

  const through: [string, typeof swa, string] = ['run.safetensors', swa, 'w3.safetensors'];
  const flat = await run({ kind: 'plane', ...of, through, mark: { swa }, points: [3, 2] });
  expect((flat.result.loss as number[][]).map((row) => row.length)).toEqual([3, 3]);
  const [second, swaMark] = [flat.result.marks['2']!, flat.result.marks.swa!];
  expect(swaMark.x).toBeCloseTo(second.x, 10);
  for (const zero of [second.y, second.distance, swaMark.y, swaMark.distance])
    expect(zero).toBeCloseTo(0, 10);
  const refused = run({ kind: 'plane', ...of, through: [through[0], swa, 'run.safetensors'] });
  await expect(refused).rejects.toThrow(
    'run.safetensors, run.safetensors (swa.), run.safetensors: they lie on one line',
  );

  const around = await run({ kind: 'rays', ...of, weights: 'w3.safetensors', rays: 2, points: 2, seed: 4 });
  const named = await rays(gpu, { model, data, weights: w3!, rays: 2, points: 2, seed: 4 });
  const header = JSON.parse(
    new TextDecoder().decode(
      around.tensors!.subarray(8, 8 + Number(new DataView(around.tensors!.buffer).getBigUint64(0, true))),
    ),
  );
  const names = [0, 1].flatMap((i) => [...named.directions[i]!.keys()].map((key) => `ray.${i}.${key}`));
  expect(
    Object.keys(header)
      .filter((key) => key !== '__metadata__')
      .sort(),
  ).toEqual(names.sort());

  for (const [spec, message] of [
    [{ kind: 'circle', ...of }, 'landscape: kind: is "circle", expected line, plane or rays'],
    [{ kind: 'rays', ...of, weights: 'w3.safetensors', radius: 'far' }, 'landscape: radius: is "far"'],
    [{ kind: 'line', ...of, from: 'w3.safetensors' }, 'landscape: to: missing: expected a file of weights'],
    [
      { kind: 'plane', ...of, through, mark: JSON.parse('{"__proto__": "w3.safetensors"}') },
      'landscape: mark: the name "__proto__" is none',
    ],
    [{ kind: 'rays', ...of, weights: 'w3.safetensors', from: 'w3.safetensors' }, 'unknown key "from"'],
  ] as const) {
    await expect(run(spec as unknown as LandscapeSpec)).rejects.toThrow(message);
  }
});
