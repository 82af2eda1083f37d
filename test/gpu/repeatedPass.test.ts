import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { placeExamples } from '../../src/data/uploadExamples.ts';
import { Arena } from '../../src/gpu/arena.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { planningGpu } from '../../src/gpu/planningGpu.ts';
import { State } from '../../src/gpu/state.ts';
import { submitAhead } from '../../src/gpu/submitAhead.ts';
import { type CurvatureKind, CurvatureOperator } from '../../src/measure/curvature/operator.ts';
import type { Point } from '../../src/measure/pass.ts';
import { bufferLayout } from '../../src/nn/batchNorm.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import type { FlatLayout } from '../../src/ops/flat.ts';
import { Graph } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { scale } from '../../src/ops/scale.ts';
import { store } from '../../src/ops/state/store.ts';
import { counting } from './counting.ts';
import { testGpu } from './device.ts';
import { dense, pointOf } from './randomPoint.ts';
import { randomValues } from './trace.ts';

const KINDS: readonly CurvatureKind[] = ['hessian', 'gauss-newton', 'empirical-fisher'];

const MLP = { layers: [dense(5, 4), { type: 'ReLU' }, dense(4, 3)] };

const CNN = {
  layers: [
    { type: 'Conv2d', in_channels: 2, out_channels: 3, kernel_size: 3 },
    { type: 'BatchNorm2d', num_features: 3 },
    { type: 'ReLU' },
    { type: 'MaxPool2d', kernel_size: 2 },
    { type: 'Flatten' },
    dense(12, 4),
  ],
};

const LAYER_NORM = {
  layers: [
    { type: 'Flatten' },
    dense(18, 7),
    { type: 'LayerNorm', normalized_shape: [7] },
    { type: 'GELU' },
    dense(7, 3),
  ],
};

interface Case {
  readonly model: { layers: object[]; loss?: string };
  readonly shape: readonly number[];
  readonly examples: number;
  readonly mode?: 'eval';
  readonly ghostBatch?: number;
}

/** With a last micro-batch that is smaller, in all but those of one batch. */
const CASES: Record<string, Case> = {
  'an MLP': { model: MLP, shape: [5], examples: 515 },
  'squared errors': { model: { ...MLP, loss: 'mse' }, shape: [5], examples: 259 },
  'convolution, BatchNorm in train mode: one batch': { model: CNN, shape: [2, 6, 6], examples: 33 },
  'convolution, BatchNorm in eval mode': { model: CNN, shape: [2, 6, 6], examples: 259, mode: 'eval' },
  'BatchNorm in ghost batches': { model: CNN, shape: [2, 6, 6], examples: 33, ghostBatch: 8 },
  LayerNorm: { model: LAYER_NORM, shape: [2, 3, 3], examples: 261 },
};

/** Numbers between the layout's tensors are zero. */
function flat(layout: FlatLayout, seed: number): Float32Array {
  const values = new Float32Array(layout.length);
  for (const { offset, elements } of layout.entries)
    values.set(randomValues(elements, seed + offset), offset);
  return values;
}

/** Labels of what is submitted from now on. */
function watchSubmits({ device }: Gpu): { readonly labels: string[]; stop(): void } {
  const labels: string[] = [];
  const create = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    labels.push(descriptor?.label ?? '');
    return create(descriptor);
  };
  return { labels, stop: () => Reflect.deleteProperty(device, 'createCommandEncoder') };
}

async function pointFor({ model, shape, examples, mode, ghostBatch }: Case) {
  const made = await pointOf(model, shape, examples);
  const layout = bufferLayout(made.point.model);
  const buffers =
    mode === 'eval' ? new State(made.gpu, { label: 'statistics', shape: [layout.length] }) : null;
  buffers?.write(flat(layout, 5).map((value) => 1 + value / 2));
  const context = { mode: mode ?? ('train' as const), ...(buffers ? { buffers } : {}) };
  return {
    ...made,
    point: { ...made.point, context, ghostBatch },
    dispose() {
      buffers?.dispose();
      made.dispose();
    },
  };
}

for (const [name, of] of Object.entries(CASES)) {
  test(`products that share the primal pass have the bits of those that do not: ${name}`, async () => {
    const { gpu, point, layout, values, dispose } = await pointFor(of);
    for (const kind of KINDS) {
      const alone = await CurvatureOperator.open(gpu, point, 2, kind);
      const sharing = await CurvatureOperator.open(gpu, point, 2, kind);
      const vectors = [1, 2, 3].map((run) => [flat(layout, 10 * run), flat(layout, 10 * run + 1)]);
      const expected: Float32Array[][] = [];
      for (const some of vectors) {
        // The parameters are written, so that nothing is known of them.
        point.theta.write(values);
        expected.push(await alone.times(some));
      }
      expect(expected[0]![0]!.some((value) => value !== 0)).toBe(true);
      expect(expected[0]).not.toEqual(expected[1]);
      const watch = watchSubmits(gpu);
      // A whole pass, one that keeps what the next ones use, and those.
      for (const [run, some] of vectors.entries()) {
        expect(await sharing.times(some), `${kind}, run ${run}`).toEqual(expected[run]);
      }
      watch.stop();
      const last = watch.labels.findLast((label) => label.includes('products'));
      expect(last).toMatch(/at every run/);
      expect(last).not.toMatch(/once/);
      alone.dispose();
      sharing.dispose();
    }
    dispose();
  });
}

/** What a new operator has for a vector. */
async function anew(gpu: Gpu, point: Point, vector: Float32Array): Promise<Float32Array> {
  const operator = await CurvatureOperator.open(gpu, point, 1);
  const [product] = await operator.times([vector]);
  operator.dispose();
  return product!;
}

test('what is kept of a point is never that of another: parameters and data written by the host, and by a program', async () => {
  const { gpu, point, layout, values, x, dispose } = await pointOf(MLP, [5], 300);
  const operator = await CurvatureOperator.open(gpu, point, 1);
  const vector = flat(layout, 3);
  const graph = new Graph();
  store(point.theta, scale(read(graph, point.theta), 1.5));
  const arena = new Arena(gpu);
  const moving = await compile(gpu, graph, { label: 'moving', replicas: 1, arena });
  const moves: Record<string, () => void | Promise<void>> = {
    'parameters by the host': () => point.theta.write(values.map((value) => 2 * value)),
    'parameters by a program': () => submitAhead(gpu, [moving]),
    'parameters by a program of its own submit': () => moving.run(),
    data: () => point.examples.data.write(new Uint32Array(x.map((value) => value - 1).buffer)),
  };
  let before = await anew(gpu, point, vector);
  for (const [what, move] of Object.entries(moves)) {
    for (let run = 0; run < 3; run++) expect((await operator.times([vector]))[0]).toEqual(before);
    await move();
    const after = await anew(gpu, point, vector);
    expect(after, what).not.toEqual(before);
    for (let run = 0; run < 3; run++) expect((await operator.times([vector]))[0], what).toEqual(after);
    before = after;
  }
  moving.dispose();
  arena.dispose();
  operator.dispose();
  dispose();
});

test('a point that moves between products costs what it did: nothing is kept that is not used', async () => {
  const { gpu, point, layout, values, dispose } = await pointOf(MLP, [5], 300);
  const operator = await CurvatureOperator.open(gpu, point, 1);
  // Programs whose time is not known are spread over several submits.
  await operator.times([flat(layout, 3)]);
  const watch = watchSubmits(gpu);
  for (let run = 0; run < 3; run++) {
    point.theta.write(values);
    await operator.times([flat(layout, run)]);
  }
  watch.stop();
  expect(watch.labels.filter((label) => label.includes('products'))).toHaveLength(6);
  expect(watch.labels.filter((label) => /once|every run/.test(label))).toEqual([]);
  operator.dispose();
  dispose();
});

test('past 256 micro-batches, or 256 MiB, nothing is kept', async () => {
  const { gpu, point, layout, dispose } = await pointOf({ layers: [dense(3, 2)] }, [3], 257);
  for (const [ghostBatch, keeps] of [
    [1, false],
    [2, true],
  ] as const) {
    const operator = await CurvatureOperator.open(gpu, { ...point, ghostBatch }, 1);
    const watch = watchSubmits(gpu);
    for (let run = 0; run < 3; run++) await operator.times([flat(layout, 1)]);
    watch.stop();
    expect(watch.labels.some((label) => label.includes('at every run'))).toBe(keeps);
    operator.dispose();
  }
  dispose();

  const hidden = 2048;
  const model = parseModel('m', {
    loss: 'cross_entropy',
    layers: [dense(4, hidden), { type: 'ReLU' }, dense(hidden, 2)],
  });
  const bytesOf = async (examples: number): Promise<[number, number]> => {
    const planned = planningGpu(await testGpu());
    const theta = new State(planned.gpu, { label: 'θ', shape: [parameterLayout(model).length] });
    const dataset = {
      name: 'none',
      x: new Float32Array(4 * examples),
      exampleShape: [4],
      examples,
      targets: { kind: 'classes' as const, labels: new Uint32Array(examples), classes: 2 },
    };
    const operator = await CurvatureOperator.open(
      planned.gpu,
      {
        model,
        layout: parameterLayout(model),
        theta,
        examples: placeExamples(planned.gpu, dataset),
        context: { mode: 'train' },
      },
      1,
    );
    await operator.apply();
    const before = planned.bytes;
    for (let run = 0; run < 3; run++) await operator.apply();
    const kept = planned.bytes - before;
    operator.dispose();
    return [kept, before];
  };
  const perExample = 4 * hidden;
  const [few] = await bytesOf(25 * 256);
  expect(few).toBeGreaterThan(25 * 256 * perExample);
  const [many] = await bytesOf(150 * 256);
  expect(many).toBe(0);
});

test('a repeated product makes nothing and uploads nothing', async () => {
  const { gpu, point, dispose } = await pointOf(MLP, [5], 300);
  const operator = await CurvatureOperator.open(gpu, point, 1);
  for (let run = 0; run < 3; run++) await operator.apply();
  // Programs whose time is not known are spread over several submits.
  await gpu.device.queue.onSubmittedWorkDone();
  const counted = counting(gpu.device);
  for (let run = 0; run < 5; run++) await operator.apply();
  expect(counted.stop()).toEqual({
    submit: 10,
    mapAsync: 0,
    createBuffer: 0,
    createPipeline: 0,
    createBindGroup: 0,
    writeBuffer: 0,
  });
  operator.dispose();
  dispose();
});
