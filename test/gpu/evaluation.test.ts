import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { uploadExamples } from '../../src/data/uploadExamples.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { State } from '../../src/gpu/state.ts';
import { Evaluator } from '../../src/measure/evaluation/evaluator.ts';
import { flatValues } from '../../src/nn/flatValues.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { conv2d } from '../../src/reference/conv2d.ts';
import { maxPool2d } from '../../src/reference/pool2d.ts';
import { sumTolerance } from '../../src/selftest/tolerance.ts';
import { counting } from './counting.ts';
import { testGpu } from './device.ts';
import { randomValues } from './trace.ts';

/** Two whole batches of an evaluation, and a rest. */
const EXAMPLES = 2333;
const SIDE = 6;
const CLASSES = 3;

const model = parseModel('cnn', {
  layers: [
    { type: 'Conv2d', in_channels: 1, out_channels: 2, kernel_size: 3 },
    { type: 'ReLU' },
    { type: 'MaxPool2d', kernel_size: 2 },
    { type: 'Flatten' },
    { type: 'Linear', in_features: 8, out_features: CLASSES },
  ],
  loss: 'cross_entropy',
});
const layout = parameterLayout(model);
const weights = new Map(
  [...initialStateDict(model, 5)].map(([name, { data }]) => [name, data as Float32Array]),
);
const dataset: Dataset = {
  name: 'images',
  x: Uint8Array.from(randomValues(EXAMPLES * SIDE ** 2, 1), (v) => 127.5 * (v + 1)),
  exampleShape: [1, SIDE, SIDE],
  targets: {
    kind: 'classes',
    labels: Uint32Array.from({ length: EXAMPLES }, (_, n) => (7 * n) % CLASSES),
    classes: CLASSES,
  },
  examples: EXAMPLES,
};

/** Loss and accuracy in float64. */
function expected(): { loss: number; accuracy: number } {
  const [w, b, v, c] = layout.entries.map(({ name }) => weights.get(name)!) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const extents = { images: EXAMPLES, channels: 1, height: SIDE, width: SIDE, outChannels: 2 };
  const x = Float64Array.from(dataset.x, (value) => value / 255);
  const h = conv2d({ ...extents, kernel: [3, 3], stride: [1, 1], padding: [0, 0] }, x, w, b);
  const pooled = maxPool2d(
    { planes: 2 * EXAMPLES, height: 4, width: 4, kernel: [2, 2], stride: [2, 2], padding: [0, 0] },
    h.map((value) => Math.max(value, 0)),
  ).y;
  let [loss, right] = [0, 0];
  for (let n = 0; n < EXAMPLES; n++) {
    const z = Array.from({ length: CLASSES }, (_, k) =>
      pooled.subarray(8 * n, 8 * n + 8).reduce((sum, value, i) => sum + value * v[8 * k + i]!, c[k]!),
    );
    const label = (7 * n) % CLASSES;
    loss += (Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0)) - z[label]!) / EXAMPLES;
    right += z.indexOf(Math.max(...z)) === label ? 1 : 0;
  }
  return { loss, accuracy: right / EXAMPLES };
}

const scope = new Scope();
let evaluator: Evaluator;
let gpu: Awaited<ReturnType<typeof testGpu>>;

beforeAll(async () => {
  gpu = await testGpu();
  const theta = scope.own(new State(gpu, { label: 'θ', shape: [layout.length] }));
  theta.write(flatValues(layout, weights));
  const examples = scope.own(uploadExamples(gpu, dataset));
  const arena = scope.own(new Arena(gpu));
  evaluator = scope.own(await Evaluator.open(gpu, { model, layout, theta, examples, arena }));
});

afterAll(() => scope.dispose());

test('an evaluation over several batches and a rest is that of float64', async () => {
  const [found] = await evaluator.evaluate();
  const { loss, accuracy } = expected();
  // Means over at most 1,000 losses of about log 3.
  expect(Math.abs(found!.loss - loss)).toBeLessThan(sumTolerance(1000, 1.1));
  // A float32 that ties where float64 does not moves one answer.
  expect(Math.abs(found!.accuracy! - accuracy)).toBeLessThanOrEqual(1 / EXAMPLES);
});

test('it compiles and allocates nothing, submits once a batch and reads once, and its kernels are those of a forward pass', async () => {
  const [before] = await evaluator.evaluate();
  // Programs whose time is not known are spread over several submits.
  await evaluator.evaluate();
  const watch = counting(gpu.device);
  const [after] = await evaluator.evaluate();
  const counts = watch.stop();
  expect(after).toEqual(before);
  // Three batches and the copy that is read; the counters go back to zero.
  expect(counts).toMatchObject({
    submit: 4,
    mapAsync: 1,
    createPipeline: 0,
    createBindGroup: 0,
    writeBuffer: 1,
  });
  // Batches of one size share a program: one of 1,000 and one of the rest.
  const { programs } = evaluator;
  expect(programs).toHaveLength(3);
  expect(new Set(programs).size).toBe(2);
  for (const { dispatches } of programs) {
    const names = dispatches.map(({ kernel }) => kernel);
    expect(names.filter((name) => /^(conv|pool|matmul)\//.test(name))).toHaveLength(3);
    // Beside them: indices, gather, the loss, right answers, their sums, and what is recorded.
    expect(names.length).toBeLessThanOrEqual(13);
  }
});
