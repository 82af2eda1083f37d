import { expect, test } from 'vitest';
import { compileOptimised, kernelTarget, optimise } from '../../src/autograd/compile.ts';
import { type Dataset, fitDataset } from '../../src/data/dataset.ts';
import { hostIndices } from '../../src/data/sampler.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { writeExamples } from '../../src/data/uploadExamples.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { flatValues } from '../../src/nn/flatValues.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { linear, relu, sequential, sigmoid, tanh } from '../../src/nn/layers.ts';
import type { LayerSpec, ModelSpec } from '../../src/nn/modelSpec.ts';
import { fuseStep } from '../../src/optim/fuseStep.ts';
import { perceptronLosses } from '../../src/reference/perceptron.ts';
import { perceptronTrials } from '../../src/selftest/cases/perceptron.ts';
import { prepareTrial, runTrial, trialsFor } from '../../src/selftest/runTrial.ts';
import { makeRunParts, type RunShape } from '../../src/train/runParts.ts';
import { train } from '../../src/train/train.ts';
import type { Training } from '../../src/train/training.ts';
import { TrainingRun } from '../../src/train/trainingRun.ts';
import type { TrainSettings } from '../../src/train/trainSettings.ts';
import { testGpu } from './device.ts';

test('the kernel does what its float64 reference does', async () => {
  const gpu = await testGpu();
  const rows = [];
  for (const trial of trialsFor(gpu, perceptronTrials())) {
    const prepared = await prepareTrial(gpu, trial);
    rows.push(await runTrial(gpu, prepared));
    prepared.dispose();
  }
  expect(rows.length > 0).toBe(kernelTarget(gpu).subgroups);
  expect(rows.filter(({ ok }) => !ok)).toEqual([]);
}, 120_000);

test('a label that is no class, and logits that are no numbers, make an example NaN and the others not', async () => {
  const gpu = await testGpu();
  const trial = perceptronTrials().find(({ name }) => name.startsWith('65-33-3'))!;
  const prepared = await prepareTrial(gpu, trial);
  const run = async (name: string, change: (values: Float32Array | Uint32Array) => void) => {
    for (const { name: operand, state } of prepared.operands) {
      for (let replica = 0; replica < state.replicas; replica++) {
        const values = trial.operands[operand]!.values(replica).slice();
        if (operand === name && replica === 0) change(values);
        state.write(values as Float32Array<ArrayBuffer>, { replica });
      }
    }
    prepared.program.run();
    const [losses, theta] = prepared.compared;
    const first = await losses!.read(0);
    return {
      losses: Array.from(first, Number.isNaN),
      others: (await losses!.read(1)).some(Number.isNaN),
      theta: (await theta!.read(0)).some(Number.isNaN),
    };
  };
  const untouched = { losses: [false, false, false, false, false], others: false, theta: false };
  const spoilt = { losses: [false, true, false, false, false], others: false, theta: true };
  expect(await run('none', () => {})).toEqual(untouched);
  expect(await run('targets', (values) => values.fill(3, 1, 2))).toEqual(spoilt);
  expect(await run('x', (values) => values.fill(Number.NaN, 65, 66))).toEqual(spoilt);
  prepared.dispose();
}, 60_000);

/** Integers from 0 to `end` − 1, the same for the same seed. */
function draws(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

/** Parameters and losses after three steps of two replicas, by the kernels of the ops or whole. */
async function threeSteps(
  shape: RunShape,
  momenta: readonly [number, number],
  whole: boolean,
): Promise<number[]> {
  const gpu = await testGpu();
  return Scope.within(async (scope) => {
    const parts = makeRunParts(gpu, scope, shape, 2);
    writeExamples(parts.examples, [shape.dataset]);
    for (const replica of [0, 1]) {
      const weights = initialStateDict(shape.model, 7 + replica);
      const values = new Map([...weights].map(([name, { data }]) => [name, data]));
      parts.theta.write(flatValues(parts.layout, values), { replica });
      parts.rates.write(new Float32Array(shape.steps).fill(0.125), { replica });
      parts.seeds.write(Uint32Array.of(replica), { replica });
      const momentum = momenta[replica]!;
      parts.optimizer.write(
        { momentum, dampening: momentum / 4, weightDecay: 0.01 * replica, nesterov: false },
        replica,
      );
    }
    let graph = optimise(parts.traces[0]!.graph);
    if (whole) {
      const momentum = momenta.some((m) => m !== 0);
      graph = fuseStep(graph, kernelTarget(gpu), { momentum, steps: 1e6 })!.graph;
    }
    const options = { label: 'step', replicas: 2, arena: parts.arena };
    const program = scope.own(await compileOptimised(gpu, graph, options));
    expect(program.dispatches.map(({ label }) => label).includes('perceptronStep')).toBe(whole);
    program.run(3);
    const found = [];
    for (const replica of [0, 1]) {
      found.push(...(await parts.theta.read(replica)), ...(await parts.ring.read(replica)).slice(0, 3));
    }
    return found;
  });
}

test('of random nets it does what the kernels of the ops do', async () => {
  const { kind, subgroupSize } = kernelTarget(await testGpu());
  expect([kind, subgroupSize]).toEqual(['cpu', 4]);
  const draw = draws(14);
  const activations: (() => LayerSpec)[] = [relu, tanh, sigmoid];
  for (let i = 0; i < 12; i++) {
    const widths = Array.from({ length: 2 + draw(4) }, () => 1 + draw(24));
    const isSquare = draw(2) === 1;
    const between = activations[draw(3)]!;
    const layers = widths
      .slice(1)
      .flatMap((rows, l) => [...(l > 0 ? [between()] : []), linear(widths[l]!, rows)]);
    const outputs = widths.at(-1)!;
    const model: ModelSpec = { layers: sequential(...layers), loss: isSquare ? 'mse' : 'cross_entropy' };
    const examples = 40;
    const uniform = (count: number): Float32Array =>
      Float32Array.from({ length: count }, () => draw(1 << 20) / (1 << 19) - 1);
    const dataset: Dataset = {
      name: 'random',
      x: uniform(examples * widths[0]!),
      exampleShape: [widths[0]!],
      examples,
      targets: isSquare
        ? { kind: 'values', y: uniform(examples * outputs), width: outputs }
        : {
            kind: 'classes',
            labels: Uint32Array.from({ length: examples }, () => draw(outputs)),
            classes: outputs,
          },
    };
    const batchSize = 1 + draw(13);
    const shape: RunShape = {
      model,
      dataset: fitDataset(dataset, model, 'model').dataset,
      steps: 3,
      batches: [{ fromStep: 0, batchSize }],
      sampling: 'shuffle',
    };
    const momenta = [0, draw(2) * 0.875] as const;
    const plain = await threeSteps(shape, momenta, false);
    const whole = await threeSteps(shape, momenta, true);
    const worst = plain.reduce((most, value, at) => Math.max(most, Math.abs(value - whole[at]!)), 0);
    // Three steps of sums of at most 24 numbers about 1, through four layers, each rounded in its own order.
    expect(worst, `${widths} ${batchSize}`).toBeLessThan(3e-6);
    expect(plain.some((value) => value !== 0)).toBe(true);
  }
}, 300_000);

test('300 steps with momentum are those of float64', async () => {
  const gpu = await testGpu();
  const [steps, batch, widths] = [300, 6, [5, 7, 3]];
  const dataset = syntheticDataset('gaussian-clusters?examples=90&classes=3&dims=5');
  const model: ModelSpec = { layers: sequential(linear(5, 7), relu(), linear(7, 3)), loss: 'cross_entropy' };
  const drawn = [...initialStateDict(model, 3)].map(([name, { data }]) => [name, data] as const);
  const seed = 4;
  using run = await TrainingRun.open(gpu, {
    model,
    dataset,
    steps,
    batches: [{ fromStep: 0, batchSize: batch }],
    sampling: 'shuffle',
    replicas: [
      {
        seed,
        settings: { momentum: 0.875, dampening: 0, weightDecay: 0, nesterov: false },
        rates: new Float32Array(steps).fill(0.03125),
        weights: new Map(drawn),
      },
    ],
    wholeFrom: 0,
  });
  const found: number[] = [];
  for await (const some of run.steps()) found.push(...some.map(({ loss }) => loss));
  const order = Array.from({ length: steps }, (_, step) => {
    const at = step * batch;
    const counters = { step, epoch: Math.floor(at / 90), offset: at % 90 };
    return [...hostIndices({ mode: 'shuffle', seed, examples: 90, batchSize: batch, ...counters })];
  }).flat();
  if (dataset.targets.kind !== 'classes') throw new Error('the data set has no classes');
  const expected = perceptronLosses(
    {
      widths,
      batch,
      momentum: 0.875,
      replicas: 1,
      x: dataset.x,
      labels: dataset.targets.labels,
      rates: [0.03125],
      order,
      weights: [drawn[0]![1], drawn[2]![1]],
      biases: [drawn[1]![1], drawn[3]![1]],
    },
    0,
    steps,
  );
  const worst = found.reduce((most, loss, step) => Math.max(most, Math.abs(loss - expected[step]!)), 0);
  // A descent to a minimum forgets what was rounded before.
  expect(worst).toBeLessThan(1e-5);
  expect(expected.at(-1)).toBeLessThan(expected[0]! / 2);
}, 60_000);

const STEPS = 560;
const settings: TrainSettings = {
  model: sequential(linear(5, 6), tanh(), linear(6, 3)),
  loss: 'cross_entropy',
  data: syntheticDataset('gaussian-clusters?examples=90&classes=3&dims=5'),
  steps: STEPS,
  batchSize: 5,
  lr: 0.05,
  seed: 1,
};

async function losses(run: Training, until?: number): Promise<number[]> {
  const all: number[] = [];
  for await (const { loss } of run.readings(until)) all.push(loss);
  return all;
}

test('a run takes the kernel from step 513 on, and repeats bit for bit, alone and among others', async () => {
  const gpu = await testGpu();
  using first = await train(gpu, settings);
  const expected = await losses(first);
  expect(expected.length).toBe(STEPS);
  const labels = first.programs.map(({ dispatches }) => dispatches.map(({ label }) => label));
  expect(labels.filter((each) => each.includes('perceptronStep'))).toEqual([
    ['sampleIndices', 'gather', 'perceptronStep', 'record'],
  ]);
  using again = await train(gpu, settings);
  expect(await losses(again)).toEqual(expected);
  expect(await again.stateDict()).toEqual(await first.stateDict());
  using sweep = await train(gpu, {
    ...settings,
    grid: { momentum: [0.9, 0] },
  });
  await losses(sweep);
  expect(await sweep.stateDict({ momentum: 0 })).toEqual(await first.stateDict());
  expect(await sweep.stateDict({ momentum: 0.9 })).not.toEqual(await first.stateDict());
}, 120_000);

test('shorter, longer, or left anywhere and gone on with, a run has the same bits', async () => {
  const gpu = await testGpu();
  using whole = await train(gpu, settings);
  const expected = await losses(whole);
  using longer = await train(gpu, { ...settings, steps: STEPS + 40 });
  expect(await losses(longer, STEPS)).toEqual(expected);
  using short = await train(gpu, { ...settings, steps: 500 });
  expect(await losses(short)).toEqual(expected.slice(0, 500));
  for (const step of [300, 512, 513, 540]) {
    using begun = await train(gpu, settings);
    await losses(begun, step);
    expect(begun.steps).toBe(step);
    using resumed = await train(gpu, { ...settings, resume: await begun.snapshot() });
    expect(await losses(resumed), `from step ${step}`).toEqual(expected);
    expect(await resumed.stateDict()).toEqual(await whole.stateDict());
  }
}, 120_000);
