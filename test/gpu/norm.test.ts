import { expect, test } from 'vitest';
import { perExample } from '../../src/autograd/perExample.ts';
import { vjp } from '../../src/autograd/vjp.ts';
import { readSafetensors, writeSafetensors } from '../../src/data/safetensors.ts';
import { State } from '../../src/gpu/state.ts';
import { runJob } from '../../src/jobs/job.ts';
import { bufferLayout } from '../../src/nn/batchNorm.ts';
import { exampleLosses } from '../../src/nn/exampleLosses.ts';
import { forward, parameterLayout } from '../../src/nn/forward.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import * as nn from '../../src/nn/layers.ts';
import { type ModelSpec, stateDictLayout } from '../../src/nn/modelSpec.ts';
import { stateDictTensors } from '../../src/nn/stateDict.ts';
import { fill } from '../../src/ops/fill.ts';
import type { Tensor } from '../../src/ops/graph.ts';
import { unpack } from '../../src/ops/index.ts';
import { train } from '../../src/train/train.ts';
import { TrainingRun } from '../../src/train/trainingRun.ts';
import { testGpu } from './device.ts';
import { evaluate, randomValues } from './trace.ts';

const INPUT = [2, 6, 5];
const PIXELS = 60;
const BATCH = 6;
const LABELS = Uint32Array.of(0, 2, 1, 1, 0, 2);

const MODELS: Record<string, ModelSpec> = {
  LayerNorm: {
    layers: nn.sequential(
      nn.conv2d(2, 4, 3),
      nn.layerNorm([4, 4, 3]),
      nn.tanh(),
      nn.flatten(),
      nn.linear(48, 7),
      nn.layerNorm(7, { bias: false }),
      nn.layerNorm(7, { elementwiseAffine: false }),
      nn.linear(7, 3),
    ),
    loss: 'cross_entropy',
  },
  // Several rows an example: LayerNorm over the last dimension of images.
  'LayerNorm of rows': {
    layers: nn.sequential(nn.layerNorm(5), nn.tanh(), nn.flatten(), nn.linear(PIXELS, 3)),
    loss: 'cross_entropy',
  },
  'BatchNorm in eval mode': {
    layers: nn.sequential(
      nn.conv2d(2, 4, 3),
      nn.batchNorm2d(4),
      nn.tanh(),
      nn.flatten(),
      nn.linear(48, 7),
      nn.batchNorm1d(7),
      nn.linear(7, 3),
    ),
    loss: 'cross_entropy',
  },
};

const close = (found: ArrayLike<number>, wanted: ArrayLike<number>): void => {
  const largest = Math.max(...Array.from(wanted, Math.abs));
  const worst = Math.max(...Array.from(found, (v, i) => Math.abs(v - wanted[i]!)));
  expect(worst).toBeLessThan(1e-4 * largest);
};

for (const [name, model] of Object.entries(MODELS)) {
  test(`${name}: per-example statistics are those of a loop over the examples`, async () => {
    const gpu = await testGpu();
    const layout = parameterLayout(model);
    const theta = randomValues(layout.length, 1).map((v) => 0.4 * v + 0.1);
    const statistics = bufferLayout(model);
    const buffers = statistics.length
      ? new State(gpu, { label: 'statistics', shape: [statistics.length] })
      : null;
    buffers?.write(randomValues(statistics.length, 3).map((v) => 1 + 0.5 * v));
    const x = randomValues(BATCH * PIXELS, 2);
    const traced = (inputs: readonly Tensor[], batch: number) => {
      const parameters = unpack(inputs[0]!, layout);
      const outputs = forward(model, parameters, inputs[1]!, { mode: 'eval', buffers });
      const losses = exampleLosses('cross_entropy', outputs, inputs[2]!);
      return { parameters, cotangents: vjp([[losses, fill(losses.node.graph, 1, [batch])]], parameters) };
    };
    const operands = (first: number, batch: number) => [
      { shape: [layout.length], values: theta },
      { shape: [batch, ...INPUT], values: x.slice(first * PIXELS, (first + batch) * PIXELS) },
      { shape: [batch], values: LABELS.slice(first, first + batch) },
    ];
    const each: Float32Array[][] = [];
    for (let n = 0; n < BATCH; n++) {
      const gradients = await evaluate(
        operands(n, 1),
        (inputs) => traced(inputs, 1).cotangents.of as Tensor[],
      );
      each.push(gradients.map((g) => g[0]!));
    }
    const norm = (v: ArrayLike<number>): number => Array.from(v).reduce((s, e) => s + e * e, 0);
    const sumOf = (p: number, examples: readonly number[]): number[] =>
      Array.from(each[0]![p]!, (_, i) => examples.reduce((s, n) => s + each[n]![p]![i]!, 0));

    const count = layout.entries.length;
    const [norms, groups, moments] = await Promise.all(
      [
        (inputs: Tensor[]) => {
          const { cotangents, parameters } = traced(inputs, BATCH);
          return perExample(cotangents, parameters).map((each) => each.norms());
        },
        (inputs: Tensor[]) => {
          const { cotangents, parameters } = traced(inputs, BATCH);
          return perExample(cotangents, parameters).map((each) => each.norms(2));
        },
        (inputs: Tensor[]) => {
          const { cotangents, parameters } = traced(inputs, BATCH);
          const all = perExample(cotangents, parameters).map((each) => each.moments());
          return all.flatMap((m) => [m.gradient, m.centredSquares, m.normSq]);
        },
      ].map((f) => evaluate(operands(0, BATCH), f)),
    );
    for (let p = 0; p < count; p++) {
      const own = each.map((gradients) => norm(gradients[p]!));
      close(norms![p]![0]!, own);
      close(
        groups![p]![0]!,
        [0, 2, 4].map((n) => norm(sumOf(p, [n, n + 1]))),
      );
      const mean = sumOf(p, [0, 1, 2, 3, 4, 5]).map((v) => v / BATCH);
      close(moments![3 * p]![0]!, mean);
      close(
        moments![3 * p + 1]![0]!,
        mean.map((m, i) => each.reduce((s, gradients) => s + (gradients[p]![i]! - m) ** 2, 0)),
      );
      close(moments![3 * p + 2]![0]!, own);
    }
    buffers?.dispose();
  });
}

const data = {
  name: 'noise',
  x: randomValues(40 * 8, 5),
  exampleShape: [8],
  targets: {
    kind: 'classes' as const,
    labels: Uint32Array.from({ length: 40 }, (_, i) => i % 3),
    classes: 3,
  },
  examples: 40,
};
const normalised = nn.sequential(
  nn.linear(8, 12),
  nn.batchNorm1d(12),
  nn.relu(),
  nn.linear(12, 6),
  nn.batchNorm1d(6, { momentum: null }),
  nn.linear(6, 3),
);
const settings = { model: normalised, data, steps: 12, batchSize: 10, momentum: 0.9, seed: 4 };

test('BatchNorm trains as one of three replicas bit for bit as alone, and counts its batches', async () => {
  const gpu = await testGpu();
  const averaging = { kind: 'swa' as const, start: 4, every: 3 };
  const rates = [0.02, 0.1, 0.3];
  const sweep = await train(gpu, { ...settings, averaging, grid: { lr: rates } });
  const alone = await train(gpu, { ...settings, averaging, lr: rates[1]! });
  for (const run of [sweep, alone]) for await (const _ of run.readings());
  for (const which of ['last', 'averaged'] as const) {
    const [one, other] = [await sweep.stateDict(1, { which }), await alone.stateDict(0, { which })];
    expect([...one.keys()].sort()).toEqual([...initialStateDict(alone.model, 0).keys()].sort());
    expect(one).toEqual(other);
    const batches = BigInt64Array.of(which === 'last' ? 12n : 4n);
    expect(one.get('1.num_batches_tracked')).toEqual({ dtype: 'I64', shape: [], data: batches });
  }
  const [here, there] = [
    await sweep.evaluate(undefined, { which: 'averaged' }),
    await alone.evaluate(undefined, { which: 'averaged' }),
  ];
  expect(here[1]).toEqual(there[0]);
  sweep.dispose();
  alone.dispose();
});

test('a batch of one value a channel, and statistics over single examples, are refused before anything runs', async () => {
  const gpu = await testGpu();
  await expect(train(gpu, { ...settings, lr: 0.1, batchSize: 1 })).rejects.toThrow(
    'layer 1 (BatchNorm1d): a batch of 1 gives it one value a channel, expected more than one in train mode',
  );
  const averaging = { kind: 'swa' as const, start: 4, every: 3 };
  await expect(train(gpu, { ...settings, lr: 0.1, batchSize: 13, averaging })).rejects.toThrow(
    'the last batch of the pass that recomputes its statistics (40 examples in batches of 13)',
  );
  await expect(train(gpu, { ...settings, lr: 0.1, noiseScaleEvery: 5 })).rejects.toThrow(
    'layer 1 (BatchNorm1d): couples the examples of a batch in train mode',
  );
});

test('batches are counted past 2²⁴, exactly, alone and in a file', async () => {
  const gpu = await testGpu();
  const model: ModelSpec = { layers: [...normalised], loss: 'cross_entropy' };
  const weights = new Map<string, Float32Array | Uint32Array>(
    [...initialStateDict(model, 1)].map(([name, { data: values }]) => [name, values]),
  );
  weights.set('1.num_batches_tracked', Uint32Array.of(2 ** 24 - 1));
  const run = await TrainingRun.open(gpu, {
    model,
    dataset: data,
    steps: 4,
    batches: [{ fromStep: 0, batchSize: 10 }],
    sampling: 'shuffle',
    replicas: [
      {
        seed: 1,
        settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
        rates: new Float32Array(4).fill(0.1),
        weights,
      },
    ],
  });
  for await (const _ of run.steps());
  const trained = await run.weights(0);
  run.dispose();
  expect(trained.get('1.num_batches_tracked')).toEqual(Uint32Array.of(2 ** 24 + 3));
  const written = stateDictTensors(trained, stateDictLayout(model)).get('1.num_batches_tracked');
  expect(written).toEqual({ dtype: 'I64', shape: [], data: BigInt64Array.of(2n ** 24n + 3n) });
});

test('measure says its mode, why a quantity is null, and leaves running statistics out of H·v', async () => {
  const gpu = await testGpu();
  const model = { layers: normalised, loss: 'cross_entropy' };
  const state = initialStateDict(model as ModelSpec, 1);
  const weights = writeSafetensors(
    new Map(
      [...state].map(([key, { shape, data }]) => [
        key,
        key.endsWith('tracked')
          ? { dtype: 'I64' as const, shape, data: BigInt64Array.of(0n) }
          : { dtype: 'F32' as const, shape, data },
      ]),
    ),
  );
  const files: Record<string, Uint8Array> = {
    'model.json': new TextEncoder().encode(JSON.stringify(model)),
    'weights.safetensors': weights,
    'data.safetensors': writeSafetensors(
      new Map([
        ['x', { dtype: 'F32' as const, shape: [40, 8], data: data.x }],
        ['y', { dtype: 'U8' as const, shape: [40], data: Uint8Array.from(data.targets.labels) }],
      ]),
    ),
  };
  const host = { read: async (path: string) => files[path]! };
  const measure = async (more: object) => {
    const spec = {
      job: 'measure' as const,
      model: 'model.json',
      weights: 'weights.safetensors',
      data: 'data.safetensors',
      hvp: 'weights.safetensors',
      ...more,
    };
    for await (const event of runJob(gpu, spec, host)) {
      if (event.type === 'result')
        return {
          result: event.result as Record<string, unknown>,
          tensors: readSafetensors('', event.tensors!),
        };
    }
    throw new Error('no result');
  };
  const coupled = await measure({});
  expect(coupled.result).toMatchObject({
    mode: 'train',
    traceCovariance: null,
    perExampleGradNormSq: null,
    bNoise: null,
    warnings: [expect.stringContaining('BatchNorm in train mode couples the examples')],
  });
  expect(coupled.result.gHg).toEqual(expect.any(Number));
  expect([...coupled.tensors.keys()].filter((key) => /running|Variance/.test(key))).toEqual([]);
  const single = await measure({ eval: true });
  expect(single.result).toMatchObject({ mode: 'eval', warnings: [] });
  expect(single.result.traceCovariance).toBeGreaterThan(0);
});
