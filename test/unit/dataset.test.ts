import { gzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { type Dataset, datasetFromTensors, fitDataset, fitExampleShape } from '../../src/data/dataset.ts';
import { exampleRange } from '../../src/data/exampleRange.ts';
import { firstExamples } from '../../src/data/firstExamples.ts';
import { isBuiltinName, loadDataset } from '../../src/data/loadDataset.ts';
import { orderTable } from '../../src/data/order.ts';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import { selectExamples } from '../../src/data/selectExamples.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import type { Found } from '../../src/host/byteSource.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';

const f32 = (shape: number[], ...data: number[]): HostTensor => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from(data),
});
const i64 = (shape: number[], ...data: number[]): HostTensor => ({
  dtype: 'I64',
  shape,
  data: BigInt64Array.from(data, BigInt),
});
const i32 = (shape: number[], ...data: number[]): HostTensor => ({
  dtype: 'I32',
  shape,
  data: Int32Array.from(data),
});
const u8 = (shape: number[], ...data: number[]): HostTensor => ({
  dtype: 'U8',
  shape,
  data: Uint8Array.from(data),
});
const from = (x: HostTensor | undefined, y: HostTensor | undefined) =>
  datasetFromTensors(
    'd.st',
    new Map(Object.entries({ x, y }).filter(([, t]) => t) as [string, HostTensor][]),
  );

const x = f32([2, 3], 1, 2, 3, 4, 5, 6);

test('takes class indices of every integer type', () => {
  for (const y of [i64([2], 0, 4), i32([2], 0, 4), u8([2], 0, 4)]) {
    expect(from(x, y)).toEqual({
      name: 'd.st',
      x: x.data,
      exampleShape: [3],
      targets: { kind: 'classes', labels: Uint32Array.of(0, 4), classes: 5 },
      examples: 2,
    });
  }
});

test('takes bytes and float targets', () => {
  const dataset = from(u8([2, 1, 2, 2], 0, 1, 2, 3, 4, 5, 6, 255), f32([2, 2], 1, 2, 3, 4));
  expect(dataset.x).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 255));
  expect(dataset.exampleShape).toEqual([1, 2, 2]);
  expect(dataset.targets).toEqual({ kind: 'values', y: Float32Array.of(1, 2, 3, 4), width: 2 });
});

test('takes sequences of class indices, bytes among them, with a target at each position', () => {
  const [tokens, next] = [
    [3, 0, 1, 2, 2, 9],
    [0, 1, 5, 2, 9, 9],
  ] as const;
  const sequences = {
    name: 'd.st',
    x: Uint32Array.from(tokens),
    symbols: 10,
    exampleShape: [3],
    targets: { kind: 'classes', labels: Uint32Array.from(next), classes: 10, positions: 3 },
    examples: 2,
  };
  for (const [a, b] of [
    [i64, i64],
    [u8, i32],
    [u8, u8],
  ] as const) {
    expect(from(a([2, 3], ...tokens), b([2, 3], ...next))).toEqual(sequences);
  }
  // With one label each they are sequences to be classified; bytes are pixels.
  expect(from(i64([2, 3], ...tokens), i64([2], 0, 1))).toMatchObject({
    symbols: 10,
    x: Uint32Array.from(tokens),
  });
  expect(from(u8([2, 3], ...tokens), i64([2], 0, 1)).x).toBeInstanceOf(Uint8Array);
});

test('examples that are chosen keep their tokens and the targets of each', () => {
  const all = { ...syntheticDataset('markov-text?examples=9&test=2&context=5&seed=1'), name: 'text' };
  const { targets } = all;
  if (targets.kind !== 'classes') throw new Error('expected classes');
  const row = (n: number) => [
    [...all.x.slice(5 * n, 5 * n + 5)],
    [...targets.labels.slice(5 * n, 5 * n + 5)],
  ];
  const rowOf = ({ x, targets: own }: Dataset, n: number) => [
    [...x.slice(5 * n, 5 * n + 5)],
    own.kind === 'classes' ? [...own.labels.slice(5 * n, 5 * n + 5)] : [],
  ];
  const chosen = selectExamples(all, [7, 2]);
  expect([rowOf(chosen, 0), rowOf(chosen, 1)]).toEqual([row(7), row(2)]);
  expect(chosen).toMatchObject({ examples: 2, symbols: 16, exampleShape: [5], targets: { positions: 5 } });
  expect(chosen.test).toBeUndefined();
  const range = exampleRange(all, 3, 5);
  expect([rowOf(range, 0), rowOf(range, 1)]).toEqual([row(3), row(4)]);
  expect(rowOf(firstExamples(all, 4), 3)).toEqual(row(3));
});

test.each<[string, HostTensor | undefined, HostTensor | undefined, string]>([
  ['no x', undefined, i64([2], 0, 1), 'd.st: x: missing from the file, which holds y; expected x and y'],
  ['no y', x, undefined, 'd.st: y: missing from the file, which holds x'],
  [
    'an index below 0',
    i64([2, 1], 1, -2),
    i64([2], 0, 1),
    'd.st: x: example 1 has index -2, expected a class index',
  ],
  [
    'labels of each number',
    x,
    i64([2, 3], 0, 1, 0, 1, 0, 1),
    'd.st: y: found class indices of shape [2, 3], expected [2]: x is of dtype F32, no sequences of integers',
  ],
  ['no examples', f32([0, 3]), i64([0]), 'd.st: x: found shape [0, 3], expected [N, …] with N ≥ 1'],
  ['scalar x', f32([], 1), i64([], 1), 'd.st: x: found shape []'],
  [
    'NaN in x',
    f32([2, 1], 1, Number.NaN),
    i64([2], 0, 1),
    'd.st: x: element 1 is NaN, expected a finite number',
  ],
  ['infinity in y', x, f32([2, 1], Infinity, 1), 'd.st: y: element 0 is Infinity'],
  ['fewer y', x, i64([1], 0), 'd.st: y: found shape [1], expected 2 examples as in x, [2, 3]'],
  ['one-hot y', x, i64([2, 2], 0, 1, 1, 0), 'd.st: y: found class indices of shape [2, 2], expected [2]'],
  ['flat targets', x, f32([2], 0, 1), 'd.st: y: found targets of shape [2], expected [2, K]'],
  [
    'negative label',
    x,
    i64([2], 0, -1),
    'd.st: y: example 1 has label -1, expected a class index from 0 to 16777215',
  ],
  ['huge label', x, i64([2], 2 ** 40, 0), 'd.st: y: example 0 has label 1099511627776'],
  [
    'a date',
    x,
    i64([2], 20240101, 0),
    'd.st: y: example 0 has label 20240101, expected a class index from 0',
  ],
  [
    '2^32 - 1',
    x,
    { dtype: 'U32', shape: [2], data: Uint32Array.of(0, 2 ** 32 - 1) },
    'label 4294967295, expected',
  ],
  [
    '2^53 + 1',
    x,
    { dtype: 'I64', shape: [2], data: BigInt64Array.of(0n, 2n ** 53n + 1n) },
    'd.st: y: example 1 has label 9007199254740993, expected a class index from 0',
  ],
  ['float labels', x, f32([2], 0, 1), 'class indices are integers [2]'],
  ['a column of labels', x, i64([2, 1], 0, 1), 'd.st: y: found class indices of shape [2, 1], expected [2]'],
  [
    'y of text',
    x,
    { dtype: 'unread', type: '<U5', shape: [2], data: new Uint8Array(0) },
    'd.st: y: found dtype <U5, expected class indices (I64, I32, U8) or targets (F32)',
  ],
])('refuses: %s', (_, badX, badY, message) => {
  expect(() => from(badX, badY)).toThrow(message);
});

test('takes labels of every integer type', () => {
  const arrays: [HostTensor['dtype'], new (values: number[]) => HostTensor['data']][] = [
    ['I32', Int32Array],
    ['I16', Int16Array],
    ['I8', Int8Array],
    ['U32', Uint32Array],
    ['U16', Uint16Array],
    ['U8', Uint8Array],
    ['BOOL', Uint8Array],
  ];
  for (const [dtype, type] of arrays) {
    const y = { dtype, shape: [2], data: new type([1, 0]) } as HostTensor;
    expect(from(x, y).targets).toEqual({ kind: 'classes', labels: Uint32Array.of(1, 0), classes: 2 });
  }
  const unsigned: HostTensor = { dtype: 'U64', shape: [2], data: BigUint64Array.of(3n, 0n) };
  expect(from(x, unsigned).targets).toMatchObject({ labels: Uint32Array.of(3, 0), classes: 4 });
});

const model = (inputs: number, outputs: number, loss = 'cross_entropy', first: object[] = []) =>
  parseModel('m.json', {
    layers: [...first, { type: 'Linear', in_features: inputs, out_features: outputs }],
    loss,
  });

test('takes class probabilities for cross_entropy, and nothing that is none', () => {
  const fitted = (...y: number[]) => fitDataset(from(x, f32([2, 2], ...y)), model(3, 2));
  expect(fitted(0.25, 0.75, 1, 0).dataset.targets).toMatchObject({ kind: 'values', width: 2 });
  // Half precision: three decimal digits.
  expect(() => fitted(0.3333, 0.6664, 0.5, 0.5)).not.toThrow();
  expect(() => fitted(0.25, 0.75, 0.5, 0.4)).toThrow(
    'probabilities, for cross_entropy: those of example 1 sum to 0.9,',
  );
  expect(() => fitted(0.25, 0.75, 1.5, -0.5)).toThrow('example 1 has 1.5 for class 0');
  expect(() => fitDataset(from(x, f32([2, 2], 1, 0, 0, 1)), model(3, 3))).toThrow(
    "found 2 targets for each example, expected the model's 3 outputs, or class indices as integers",
  );
});

test('labels that begin at 1 are told so', () => {
  expect(() => fitDataset(from(x, i64([2], 1, 3)), model(3, 3))).toThrow(
    'no label is 0, classes are numbered from 0',
  );
  expect(() => fitDataset(from(x, i64([2], 0, 3)), model(3, 3))).toThrow(/3 outputs$/);
});

test('flattens examples for a Linear of as many features, and only then', () => {
  const images: Dataset = {
    ...from(u8([2, 1, 2, 3], ...Array<number>(12).fill(0)), i64([2], 0, 1)),
    test: from(u8([1, 1, 2, 3], ...Array<number>(6).fill(0)), i64([1], 0)),
  };
  const flat = fitExampleShape(images, model(6, 2));
  expect(flat.exampleShape).toEqual([6]);
  expect(flat.test?.exampleShape).toEqual([6]);
  expect(fitExampleShape(images, model(3, 2))).toBe(images);
  expect(fitExampleShape(images, model(6, 2, 'mse', [{ type: 'Flatten' }]))).toBe(images);
  expect(fitDataset(images, model(6, 2)).shapes).toEqual([[6], [2]]);
  expect(() => fitDataset(images, model(5, 2), 'm.json')).toThrow(
    'm.json: layer 0 (Linear): came in [1, 2, 3]',
  );
});

test('refuses targets that the model cannot answer', () => {
  const classes = from(x, i64([2], 1, 4));
  const values = from(x, f32([2, 2], 1, 2, 3, 4));
  expect(() => fitDataset(classes, model(3, 5))).not.toThrow();
  expect(() => fitDataset(classes, model(3, 4))).toThrow(
    'd.st: y: example 1 has label 4, expected less than the model’s 4 outputs'.replace('’', "'"),
  );
  expect(() => fitDataset(classes, model(3, 5, 'mse'))).toThrow(
    'd.st: y: found class indices, expected float targets',
  );
  expect(() => fitDataset(values, model(3, 2, 'mse'))).not.toThrow();
  expect(() => fitDataset(values, model(3, 3, 'mse'))).toThrow(
    'd.st: y: found 2 targets for each example, expected',
  );
  expect(() => fitDataset(values, model(3, 2))).toThrow(
    'd.st: y: found float targets, expected class indices',
  );
});

const idx = (shape: number[], data: number[]) =>
  Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, 0, n]), ...data]);
const images = idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
const labels = idx([2], [3, 1]);

/** A host that has these files, and remembers what was asked for. */
function host(files: Record<string, Uint8Array>) {
  const asked: string[] = [];
  const read = async (path: string): Promise<Uint8Array> => {
    asked.push(path);
    const bytes = files[path];
    if (!bytes) throw new Error(`no such file: ${path}`);
    return bytes;
  };
  return { read, asked };
}

test('fashion-mnist is a set of its own', async () => {
  const files = host({
    'builtin:fashion-mnist/train-images-idx3-ubyte': images,
    'builtin:fashion-mnist/train-labels-idx1-ubyte': labels,
    'builtin:fashion-mnist/t10k-images-idx3-ubyte': idx([1, 2, 2], [9, 9, 9, 9]),
    'builtin:fashion-mnist/t10k-labels-idx1-ubyte': idx([1], [0]),
  });
  const { name, test: held } = await loadDataset('fashion-mnist', files);
  expect([name, held?.name]).toEqual(['fashion-mnist', 'fashion-mnist (test)']);
});

test('loads mnist with its test images', async () => {
  const files = host({
    'builtin:mnist/train-images-idx3-ubyte': images,
    'builtin:mnist/train-labels-idx1-ubyte': labels,
    'builtin:mnist/t10k-images-idx3-ubyte': idx([1, 2, 2], [9, 9, 9, 9]),
    'builtin:mnist/t10k-labels-idx1-ubyte': idx([1], [0]),
  });
  const mnist = await loadDataset('mnist', files);
  expect(mnist).toMatchObject({ name: 'mnist', exampleShape: [1, 2, 2], examples: 2 });
  expect(mnist.targets).toEqual({ kind: 'classes', labels: Uint32Array.of(3, 1), classes: 10 });
  expect(mnist.test).toMatchObject({ examples: 1, targets: { classes: 10 } });
});

test('loads files by their ending', async () => {
  const safetensors = writeSafetensors(
    new Map([
      ['x', x],
      ['y', i64([2], 0, 1)],
    ]),
  );
  const files = host({
    './d.safetensors': safetensors,
    'a/batch.bin': new Uint8Array(3073),
    'images/train-images-idx3-ubyte': images,
    'images/train-labels-idx1-ubyte': labels,
    'p.gz': gzipSync(images),
    'q.gz': gzipSync(labels),
  });
  expect(await loadDataset('./d.safetensors', files)).toMatchObject({ name: './d.safetensors', examples: 2 });
  expect(await loadDataset('a/batch.bin', files)).toMatchObject({ exampleShape: [3, 32, 32], examples: 1 });
  const pair = await loadDataset('images/train-images-idx3-ubyte', files);
  expect(pair).toMatchObject({ exampleShape: [1, 2, 2], targets: { classes: 4 } });
  expect(files.asked).toContain('images/train-labels-idx1-ubyte');
  expect(await loadDataset('p.gz,q.gz', files)).toMatchObject({ examples: 2 });
});

/** A host that can tell which files there are, as the command line's can. */
function fullHost(files: Record<string, Uint8Array>, folders: string[] = []) {
  const find = async (path: string): Promise<Found> => ({
    path: `/abs/${path}`,
    is: files[path] ? 'file' : folders.includes(path) ? 'folder' : 'nothing',
  });
  return { ...host(files), find };
}

test('a file that exists wins over commas, options and built-in names', async () => {
  const st = writeSafetensors(
    new Map([
      ['x', x],
      ['y', i64([2], 0, 1)],
    ]),
  );
  const files = fullHost({
    'com,ma/d.safetensors': st,
    'what?/d.npz.safetensors': st,
    'a,b/train-images-idx3-ubyte': images,
    'a,b/train-labels-idx1-ubyte': labels,
    'train-images-idx3-ubyte': images,
    'train-labels-idx1-ubyte': labels,
    'mnist?x=images': images,
    'mnist?x=labels': labels,
    'D.SAFETENSORS': st,
  });
  for (const path of ['com,ma/d.safetensors', 'what?/d.npz.safetensors', 'D.SAFETENSORS']) {
    expect(await loadDataset(path, files)).toMatchObject({ name: path, exampleShape: [3] });
  }
  for (const path of [
    'a,b/train-images-idx3-ubyte',
    'train-images-idx3-ubyte',
    'mnist?x=images',
    'a,b/train-images-idx3-ubyte,a,b/train-labels-idx1-ubyte',
    'train-images-idx3-ubyte,train-labels-idx1-ubyte',
  ]) {
    expect(await loadDataset(path, files)).toMatchObject({ name: path, exampleShape: [1, 2, 2] });
  }
});

test('CIFAR-10 as several batches, and as a folder', async () => {
  const batch = (label: number) => new Uint8Array(3073).fill(label, 0, 1).fill(10 * label, 1);
  const names = [1, 2, 3, 4, 5].map((n) => `cifar-10-batches-bin/data_batch_${n}.bin`);
  const five = Object.fromEntries(names.map((name, i) => [name, batch(i)]));
  const several = await loadDataset(`${names[3]},${names[1]}`, fullHost(five));
  expect(several.targets).toEqual({ kind: 'classes', labels: Uint32Array.of(3, 1), classes: 10 });
  expect([several.x[0], several.x[3071], several.x[3072]]).toEqual([30, 30, 10]);

  const folders = ['cifar-10-batches-bin'];
  const all = fullHost({ ...five, 'cifar-10-batches-bin/test_batch.bin': batch(9) }, folders);
  const folder = await loadDataset('cifar-10-batches-bin', all);
  expect(folder).toMatchObject({ examples: 5, test: { examples: 1, name: 'cifar-10-batches-bin (test)' } });
  const { [names[2]!]: _, ...four } = five;
  await expect(loadDataset('cifar-10-batches-bin', fullHost(four, folders))).rejects.toThrow(
    'cifar-10-batches-bin: data: is a folder without cifar-10-batches-bin/data_batch_3.bin',
  );
});

test.each([
  ['cifar', 'cifar: data: is no built-in data set, expected one of mnist,'],
  ['cifar', 'or a path; there is no file /abs/cifar'],
  [
    'a/b,c.gz',
    'a/b,c.gz: data: there is no file of this name; as a list of files separated by commas, there is no /abs/a/b',
  ],
])('says of "%s" which path was tried', async (data, message) => {
  await expect(loadDataset(data, fullHost({}))).rejects.toThrow(message);
});

test('a name without "/" or "." is a built-in, whatever its options hold', () => {
  for (const name of ['mnist', 'gaussian-clusters?spread=0.5']) expect(isBuiltinName(name)).toBe(true);
  for (const path of ['./mnist', 'mnist.npz', 'a/b']) expect(isBuiltinName(path)).toBe(false);
});

test.each([
  [
    'cifar',
    'cifar: data: is no built-in data set, expected one of mnist, fashion-mnist, moby-dick, gaussian-clusters',
  ],
  ['mnist?seed=1', 'mnist?seed=1: seed: unknown option, expected average_pool, subset'],
  ['a/d.safetensors?foo=2', 'd.safetensors?foo=2: foo: unknown option, expected average_pool, subset'],
  ['d.npz?subset=5&shift=1', 'd.npz?shift=1: shift: unknown option, expected average_pool, subset'],
  ['data.csv?foo=2', 'data.csv?foo=2: data: cannot tell its format'],
  ['data.csv', 'data.csv: data: cannot tell its format from its name, expected .safetensors'],
  ['a.gz,b.gz,c.gz', 'cannot tell its format'],
  ['./images.idx', 'no such file'],
])('refuses data "%s"', async (data, message) => {
  await expect(loadDataset(data, host({}))).rejects.toThrow(message);
});

test('refuses an IDX pair that does not belong together', async () => {
  const load = (i: Uint8Array, l: Uint8Array) => loadDataset('./i,./l', host({ './i': i, './l': l }));
  await expect(load(images, idx([3], [1, 2, 3]))).rejects.toThrow(
    './l: labels: found shape [3], expected [2]',
  );
  await expect(load(images, images)).rejects.toThrow('./l: labels: found shape [2, 2, 2], expected [2]');
  await expect(load(labels, labels)).rejects.toThrow('./i: images: found shape [2], expected [N, H, W]');
  await expect(load(idx([0, 2, 2], []), idx([0], []))).rejects.toThrow('./i: images: found shape [0, 2, 2]');
});

test('reads an order table', () => {
  const order = (tensor?: HostTensor) =>
    orderTable('o.st', new Map(tensor ? [['order', tensor]] : []), { steps: 2, batchSize: 2, examples: 5 });
  expect(order(i32([2, 2], 0, 4, 3, 3))).toEqual(Uint32Array.of(0, 4, 3, 3));
  expect(order(i32([3, 2], 0, 4, 3, 3, 9, 9))).toEqual(Uint32Array.of(0, 4, 3, 3));
  expect(() => order()).toThrow('o.st: order: missing from the file, expected int32 [2, 2]');
  expect(() => order(i64([2, 2], 0, 1, 2, 3))).toThrow('o.st: order: found dtype I64, expected I32');
  expect(() => order(i32([1, 2], 0, 1))).toThrow('found shape [1, 2], expected [2, 2]');
  expect(() => order(i32([2, 3], 0, 1, 2, 3, 4, 0))).toThrow('found shape [2, 3], expected [2, 2]');
  expect(() => order(i32([4], 0, 1, 2, 3))).toThrow('found shape [4], expected [2, 2]');
  expect(() => order(i32([2, 2], 0, 1, 5, 3))).toThrow('entry [1, 0] is 5, expected an example from 0 to 4');
  expect(() => order(i32([2, 2], 0, -1, 0, 0))).toThrow('entry [0, 1] is -1');
});

test('refuses numbers for class indices, and one target for the places of a sequence', () => {
  const data = from(f32([2, 2, 3], 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6), i64([2], 0, 1));
  const linear = { type: 'Linear', in_features: 3, out_features: 4 };
  const of = (layers: unknown[]) => parseModel('m', { layers, loss: 'cross_entropy' });
  expect(() => fitDataset(data, of([linear]))).toThrow(
    'd.st: y: found class indices [N], expected [N, 2] for outputs [N, 2, 4]',
  );
  const embedding = { type: 'Embedding', num_embeddings: 7, embedding_dim: 3 };
  expect(() => fitDataset(from(x, i64([2], 0, 1)), of([embedding, linear]))).toThrow(
    'd.st: x: holds floating-point numbers, expected class indices (integers such as int64) for an Embedding',
  );
  const sequences = from(i64([2, 3], 0, 1, 6, 7, 0, 0), i64([2, 3], 1, 1, 1, 1, 1, 2));
  expect(() => fitDataset(sequences, of([embedding, linear]))).toThrow(
    "d.st: x: example 1 has index 7, expected less than the Embedding's 7 rows",
  );
  expect(() => fitDataset(sequences, of([linear]))).toThrow(
    'd.st: x: holds integers, which are class indices, expected numbers (float32) for a model that begins with Linear',
  );
  const fits = from(i64([2, 3], 0, 1, 6, 6, 0, 0), i64([2, 3], 1, 1, 1, 1, 1, 2));
  expect(fitDataset(fits, of([embedding, linear])).shapes).toEqual([[3], [3, 3], [3, 4]]);
  const few = { ...linear, out_features: 2 };
  expect(() => fitDataset(fits, of([embedding, few]))).toThrow(
    "d.st: y: example 1 has label 2, expected less than the model's 2 outputs",
  );
});
