import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { memoryOf, type RunNames, requireFits } from '../../src/train/requireFits.ts';
import type { RunShape } from '../../src/train/runParts.ts';
import { GPU_CONSTANTS } from './gpuConstants.ts';

beforeAll(() => {
  for (const [name, value] of Object.entries(GPU_CONSTANTS)) vi.stubGlobal(name, value);
});

/** An adapter with SwiftShader's limits. Whatever else were asked of it would fail. */
const gpu = {
  device: {
    limits: { maxStorageBufferBindingSize: 2 ** 30, maxBufferSize: 2 ** 30 },
    features: new Set(),
  },
  info: { software: true },
} as unknown as Gpu;

const NAMES: RunNames = {
  file: 'train.json',
  steps: 'steps',
  batchSize: 'batch_size',
  bnBatchSize: 'averaging.bn_batch_size',
  replicas: 'replicas',
  data: 'data',
  model: 'model',
};

/** A data set of MNIST's shape. Its values are not looked at. */
function images(examples: number, test?: Dataset): Dataset {
  const targets = { kind: 'classes' as const, labels: new Uint32Array(0), classes: 10 };
  return { name: 'images', x: new Uint8Array(0), exampleShape: [784], targets, examples, test };
}

function perceptron(hidden: readonly number[], normalised = false): RunShape['model'] {
  const widths = [784, ...hidden, 10];
  const layers = widths
    .slice(1)
    .flatMap((out_features, i) => [
      ...(i > 0 ? [{ type: 'ReLU' }] : []),
      ...(normalised && i > 0 ? [{ type: 'BatchNorm1d', num_features: widths[i] }] : []),
      { type: 'Linear', in_features: widths[i], out_features },
    ]);
  return parseModel('model.json', { layers, loss: 'cross_entropy' });
}

const SHAPE: RunShape = {
  model: perceptron([512]),
  dataset: images(60_000, images(10_000)),
  steps: 938,
  batches: [{ fromStep: 0, batchSize: 64 }],
  sampling: 'shuffle',
};

async function refused(changes: Partial<RunShape>, replicas = 1): Promise<string> {
  const started = process.cpuUsage();
  const message = await requireFits(gpu, { ...SHAPE, ...changes }, replicas, NAMES).then(
    () => 'taken',
    ({ name, message: said }: Error) => {
      expect(name).toBe('InputError');
      return said;
    },
  );
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1e6).toBeLessThan(2);
  return message;
}

test('data that each replica has of its own count for each, and what they share once', async () => {
  const replicas = 5;
  const dataset = images(1000, images(200));
  const [all, none] = [
    { inputs: true, targets: true },
    { inputs: false, targets: false },
  ];
  const bytes = (own?: RunShape['own']) => memoryOf(gpu, { ...SHAPE, dataset, own }, replicas);
  const shared = await bytes();
  const aligned = (elements: number): number => 4 * 64 * Math.ceil(elements / 64);
  // Labels take a word each, images a byte a pixel; a replica's share begins at 256 bytes.
  const labels = 5 * aligned(1000) - aligned(1000);
  const inputs = 4 * aligned((1000 * 784) / 4);
  expect((await bytes({ train: none, test: none })) - shared).toBe(0);
  // A batch's inputs and labels are then of each replica too, where they were of the replica's order already.
  expect(
    (await bytes({ train: { inputs: false, targets: true }, test: none })) - shared,
  ).toBeGreaterThanOrEqual(labels);
  const drawn = (await bytes({ train: all, test: none })) - shared;
  expect(drawn).toBeGreaterThanOrEqual(labels + inputs);
  const generated = (await bytes({ train: all, test: all })) - shared;
  expect(generated - drawn).toBeGreaterThanOrEqual(4 * aligned((200 * 784) / 4));
});

describe('a run that no adapter holds is refused at once, by the key to change', () => {
  test('a run that fits is taken, and its memory told', async () => {
    expect(await refused({})).toBe('taken');
    const parameters = 784 * 512 + 512 + 512 * 10 + 10;
    const bytes = await memoryOf(gpu, SHAPE, 1);
    // Parameters, momentum, gradient; the images, a byte a pixel.
    expect(bytes).toBeGreaterThan(3 * 4 * parameters + 70_000 * 784);
    expect(bytes).toBeLessThan(5 * 4 * parameters + 70_000 * 784 + 2 ** 24);
    const ten = await memoryOf(gpu, SHAPE, 10);
    expect(ten - bytes).toBeGreaterThan(9 * 3 * 4 * parameters);
  });

  test('replicas', async () => {
    const message = await refused({}, 1000);
    const most = Number(/^train\.json: replicas: comes to 1000, .* expected at most (\d+)/.exec(message)![1]);
    // As many activations of 1,000 examples at a time, in the evaluation, as a binding holds.
    const bound = Math.floor(2 ** 30 / (4 * 1000 * 512));
    expect(most).toBeLessThanOrEqual(bound);
    expect(most).toBeGreaterThan(0.99 * bound);
    expect(await refused({}, most)).toBe('taken');
    expect(message).toMatch(/pass this adapter's largest storage binding of 1073741824 bytes/);
    expect(await refused({ model: perceptron([]) }, 3_000_000)).toMatch(/replicas: comes to 3000000/);
    // More than a grid has room for, though their memory would do.
    const tiny = parseModel('m', {
      layers: [{ type: 'Linear', in_features: 784, out_features: 1 }],
      loss: 'mse',
    });
    const values = { kind: 'values' as const, y: new Float32Array(0), width: 1 };
    const few = { ...images(50), targets: values };
    expect(
      await refused(
        { model: tiny, dataset: few, batches: [{ fromStep: 0, batchSize: 1 }], steps: 1 },
        70_000,
      ),
    ).toMatch(/replicas: comes to 70000/);
  });

  test('hidden layers', async () => {
    expect(await refused({ model: perceptron([20_000, 20_000]) })).toMatch(
      /^train\.json: model: is too large for this adapter: parameters: 1663\d+ bytes/,
    );
    expect(await refused({ model: perceptron([400_000_000]) })).toMatch(/^train\.json: model: is too large/);
  });

  test('steps', async () => {
    for (const steps of [5e8, 2 ** 32, 1e17]) {
      expect(await refused({ steps })).toMatch(
        /^train\.json: steps: comes to \d+, .* expected at most 26\d{7} \(learning rates/,
      );
    }
  });

  test('the batch', async () => {
    const iid = { sampling: 'iid' as const };
    const message = await refused({ ...iid, batches: [{ fromStep: 0, batchSize: 4e7 }] });
    const most = Number(/^train\.json: batch_size: comes to 40000000, .* most (\d+)/.exec(message)![1]);
    expect(await refused({ ...iid, batches: [{ fromStep: 0, batchSize: most }] })).toBe('taken');
    // 784 inputs an example are gathered.
    expect(most).toBeGreaterThan(0.9 * (2 ** 30 / 4 / 784));
    expect(most).toBeLessThanOrEqual(2 ** 30 / 4 / 784);
  });

  test('a batch larger than the data, where an epoch goes through them', async () => {
    const batches = [{ fromStep: 0, batchSize: 100_000 }];
    for (const sampling of ['shuffle', 'sequential'] as const) {
      expect(await refused({ dataset: images(2000), batches, sampling })).toBe(
        'train.json: batch_size: is 100000, but there are 2000 examples: expected at most as many, or the order "iid", ' +
          'which draws with replacement',
      );
    }
    expect(await refused({ dataset: images(2000), batches, sampling: 'iid' })).toBe('taken');
    expect(await refused({ dataset: images(2000), batches: [{ fromStep: 0, batchSize: 2000 }] })).toBe(
      'taken',
    );
  });

  test('data', async () => {
    expect(await refused({ dataset: images(2_000_000) })).toMatch(
      /^train\.json: data: comes to 2000000, .* expected at most 13\d{5} \(images x: 1568000000 bytes/,
    );
  });

  test('captures of an average', async () => {
    const averaging = { kind: 'lawa' as const, start: 1, every: 1, last: 1_000_000 };
    expect(await refused({ averaging })).toMatch(
      /^train\.json: averaging\.last: comes to 1000000, .* expected at most \d+ \(captured parameters: /,
    );
  });

  test('what only the evaluation at the end would need, and the pass for averaged weights', async () => {
    // 1,000 examples at a time, for all replicas at once: the step's own batch is small.
    const wide = { model: perceptron([8, 512]), batches: [{ fromStep: 0, batchSize: 1 }] };
    expect(await refused(wide, 600)).toMatch(
      /^train\.json: replicas: comes to 600, .* expected at most 52\d.* \(an intermediate result takes 1228800000 bytes/,
    );
    const averaging = { kind: 'swa' as const, start: 1, every: 1 };
    const normalised = { model: perceptron([8192], true), averaging };
    expect(await refused(normalised)).toBe('taken');
    expect(await refused({ ...normalised, bnBatchSize: 60_000 })).toMatch(
      /^train\.json: averaging\.bn_batch_size: comes to 60000, .* expected at most 3\d{4}/,
    );
  });
});
