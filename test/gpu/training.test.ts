import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { grad } from '../../src/autograd/vjp.ts';
import { type Dataset, fitDataset } from '../../src/data/dataset.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { noiseScaleInstrument } from '../../src/measure/gradient/noiseScaleInstrument.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { type ModelSpec, parseModel } from '../../src/nn/modelSpec.ts';
import * as ops from '../../src/ops/index.ts';
import { packSettings, sgd } from '../../src/optim/sgd.ts';
import type { StepReading } from '../../src/train/runReadings.ts';
import { type TrainingOptions, TrainingRun } from '../../src/train/trainingRun.ts';
import { counting } from './counting.ts';
import { testGpu } from './device.ts';

function perceptron(...widths: number[]): ModelSpec {
  const layers = widths
    .slice(1)
    .flatMap((out_features, i) => [
      ...(i > 0 ? [{ type: 'ReLU' }] : []),
      { type: 'Linear', in_features: widths[i], out_features },
    ]);
  return parseModel('model.json', { layers, loss: 'cross_entropy' });
}

function options(model: ModelSpec, data: string, steps: number, seeds: readonly number[]): TrainingOptions {
  const { dataset } = fitDataset(syntheticDataset(data), model);
  return {
    model,
    dataset,
    steps,
    batches: [{ fromStep: 0, batchSize: 33 }],
    sampling: 'shuffle',
    replicas: seeds.map((seed) => ({
      seed,
      settings: { momentum: 0.5 + 0.02 * seed, dampening: 0, weightDecay: 1e-4 * seed, nesterov: false },
      rates: new Float32Array(steps).fill(0.02 + 0.01 * seed),
      weights: new Map([...initialStateDict(model, seed)].map(([name, { data: values }]) => [name, values])),
    })),
  };
}

interface Outcome {
  readonly readings: StepReading[];
  readonly weights: Float32Array[];
}

async function train(given: TrainingOptions): Promise<Outcome> {
  const run = await TrainingRun.open(await testGpu(), given);
  const readings: StepReading[] = [];
  for await (const some of run.steps()) readings.push(...some);
  const weights = await Promise.all(given.replicas.map((_, r) => run.theta.read(r)));
  run.dispose();
  return { readings, weights };
}

const CLUSTERS = 'gaussian-clusters?examples=500&classes=5&dims=17&seed=3';
const SMALL = perceptron(17, 33, 5);

const noise = (every: number) => [
  noiseScaleInstrument({ smallBatch: 1, tests: false, layers: true }, { every }),
];

test('the same run twice gives the same bits', async () => {
  const given = { ...options(SMALL, CLUSTERS, 60, [4]), instruments: noise(7) };
  expect(await train(given)).toEqual(await train(given));
});

test('each of 16 replicas in one program is bit for bit what it is alone', async () => {
  const seeds = Array.from({ length: 16 }, (_, i) => i);
  const averaging = { kind: 'swa', start: 10, every: 5 } as const;
  const together = await train({ ...options(SMALL, CLUSTERS, 40, seeds), instruments: noise(8), averaging });
  for (const seed of seeds) {
    const alone = await train({ ...options(SMALL, CLUSTERS, 40, [seed]), instruments: noise(8), averaging });
    expect(alone.weights[0]).toEqual(together.weights[seed]);
    const of = (outcome: Outcome, r: number): unknown =>
      outcome.readings.filter(({ replica }) => replica === r).map(({ replica: _, ...reading }) => reading);
    expect(of(alone, 0)).toEqual(of(together, seed));
  }
});

/** Random bytes with labels, in MNIST's shape. */
function images(examples: number): Dataset {
  const x = Uint8Array.from({ length: examples * 784 }, (_, i) => (Math.imul(i, 2654435761) >>> 24) & 255);
  const labels = Uint32Array.from({ length: examples }, (_, i) => i % 10);
  return {
    name: 'images',
    x,
    exampleShape: [784],
    targets: { kind: 'classes', labels, classes: 10 },
    examples,
  };
}

test('1,000 steps of 784-128-10: few submits, nothing made, read-backs only for readings', {
  timeout: 240_000,
}, async () => {
  const model = perceptron(784, 128, 10);
  const base = options(model, 'gaussian-clusters?dims=784&classes=10&examples=10', 1000, [1]);
  for (const { recordEvery, reads } of [
    { recordEvery: 1, reads: true },
    { recordEvery: 0, reads: false },
  ]) {
    const run = await TrainingRun.open(await testGpu(), {
      ...base,
      dataset: images(256),
      batches: [{ fromStep: 0, batchSize: 8 }],
      recordEvery,
    });
    const counter = counting((await testGpu()).device);
    let readings = 0;
    for await (const some of run.steps()) readings += some.length;
    const counts = counter.stop();
    await run.theta.read();
    run.dispose();
    expect(readings).toBe(reads ? 1000 : 0);
    expect(counts.submit).toBeGreaterThan(0);
    // Steps whose time is not known yet go alone, over a few submits.
    expect(counts.submit).toBeLessThanOrEqual(20 + Math.ceil(1000 / 16));
    if (reads) expect(counts.submit - counts.mapAsync).toBeLessThanOrEqual(6);
    else expect(counts.mapAsync).toBe(0);
    const { submit: _, mapAsync: __, ...made } = counts;
    expect(made).toEqual({ createBuffer: 0, createPipeline: 0, createBindGroup: 0, writeBuffer: 0 });
  }
});

for (const seeds of [[1], [1, 2, 3, 4]]) {
  test(`from B = 32 to B = 128 at step 50 with R = ${seeds.length}: nothing compiled or allocated then`, async () => {
    const given = {
      ...options(SMALL, CLUSTERS, 80, seeds),
      batches: [
        { fromStep: 0, batchSize: 32 },
        { fromStep: 50, batchSize: 128 },
      ],
    };
    const run = await TrainingRun.open(await testGpu(), given);
    const counter = counting((await testGpu()).device);
    const readings: StepReading[] = [];
    for await (const some of run.steps()) readings.push(...some);
    const { submit, mapAsync, ...made } = counter.stop();
    run.dispose();
    expect(submit).toBeGreaterThan(0);
    expect(mapAsync).toBeGreaterThan(0);
    expect(submit - mapAsync).toBeLessThanOrEqual(12);
    expect(made).toEqual({ createBuffer: 0, createPipeline: 0, createBindGroup: 0, writeBuffer: 0 });
    const sizes = readings.filter(({ replica }) => replica === 0).map(({ batchSize }) => batchSize);
    expect(sizes).toEqual([...Array(50).fill(32), ...Array(30).fill(128)]);
    expect(readings.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });
}

test('a diverging replica is seen, the others go on', async () => {
  const given = options(SMALL, CLUSTERS, 60, [1, 2, 3]);
  given.replicas[1]!.rates.fill(1e30);
  const { readings, weights } = await train(given);
  const last = readings.slice(-3);
  expect(Number.isFinite(last[1]!.loss)).toBe(false);
  for (const r of [0, 2]) {
    expect(Number.isFinite(last[r]!.loss)).toBe(true);
    const alone = await train(options(SMALL, CLUSTERS, 60, [r + 1]));
    expect(weights[r]).toEqual(alone.weights[0]);
  }
});

test('an op with state that is no parameter and couples the examples trains, is saved and restored bit for bit', async () => {
  const gpu = await testGpu();
  const [inputs, outputs, batch] = [17, 5, 32];
  const dataset = syntheticDataset(CLUSTERS);
  const layout = ops.flatLayout([
    { name: 'weight', shape: [outputs, inputs] },
    { name: 'bias', shape: [outputs] },
  ]);
  const arena = new Arena(gpu);
  const examples = uploadExamples(gpu, dataset);
  const make = () => {
    const state = (label: string, shape: number[], dtype: 'f32' | 'u32' = 'f32') =>
      new State(gpu, { label, shape, dtype, replicas: 2 });
    const states = {
      theta: state('parameters', [layout.length]),
      velocity: state('velocity', [layout.length]),
      rates: state('rates', [100]),
      hyper: state('settings', [4]),
      counters: state('counters', [3], 'u32'),
      seeds: state('seeds', [1], 'u32'),
      ring: state('ring', [100, 1]),
      runningMean: state('running mean', [inputs]),
    };
    for (const replica of [0, 1]) {
      states.rates.write(new Float32Array(100).fill(0.1), { replica });
      states.hyper.write(packSettings({ momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false }), {
        replica,
      });
      states.seeds.write(Uint32Array.of(replica), { replica });
      states.theta.write(
        new Float32Array(layout.length).map((_, i) => (i < 85 ? Math.sin(i + replica) / 9 : 0)),
        { replica },
      );
    }
    return states;
  };
  const build = async (states: ReturnType<typeof make>) => {
    const graph = new ops.Graph();
    const sampler = {
      mode: 'shuffle' as const,
      examples: examples.examples,
      counters: states.counters,
      seeds: states.seeds,
    };
    const [x, labels] = ops.gather(examples, ops.sampleIndices(graph, sampler, batch));
    // Centring by the batch's own mean, through which the gradient flows; the running mean follows it.
    const batchMean = ops.scale(ops.sumRows(x), 1 / batch);
    const centred = ops.subtract(x, ops.broadcastRows(batchMean, batch));
    const running = ops.add(ops.scale(ops.read(graph, states.runningMean), 0.9), ops.scale(batchMean, 0.1));
    ops.store(states.runningMean, running);
    const parameters = ops.unpack(ops.read(graph, states.theta), layout);
    const losses = ops.softmaxCrossEntropy(ops.linear(centred, parameters[0]!, parameters[1]!), labels);
    sgd(states, ops.pack(layout, grad(ops.mean(losses), parameters)));
    ops.record({ counters: states.counters, ring: states.ring, examples: examples.examples }, losses, []);
    return compile(gpu, graph, { label: 'running mean', replicas: 2, arena });
  };
  const dump = (states: ReturnType<typeof make>) =>
    Promise.all(Object.values(states).flatMap((state) => [0, 1].map((r) => state.readU32(r))));

  const straight = make();
  const program = await build(straight);
  for (let step = 0; step < 30; step++) program.run();
  const saved = await dump(straight);
  for (let step = 0; step < 30; step++) program.run();
  const losses = await straight.ring.read(0);
  expect(losses[59]!).toBeLessThan(0.5 * losses[0]!);
  expect((await straight.runningMean.read(0)).some((value) => value !== 0)).toBe(true);

  const resumed = make();
  Object.values(resumed).forEach((state, i) => {
    for (const r of [0, 1]) state.write(saved[2 * i + r]!, { replica: r });
  });
  const again = await build(resumed);
  for (let step = 0; step < 30; step++) again.run();
  expect(await dump(resumed)).toEqual(await dump(straight));
  for (const disposable of [
    program,
    again,
    arena,
    examples,
    ...Object.values(straight),
    ...Object.values(resumed),
  ]) {
    disposable.dispose();
  }
});
