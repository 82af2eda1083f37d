import { expect, test } from 'vitest';
import { averagePool } from '../../src/data/averagePool.ts';
import { splitDataName, withDataOptions } from '../../src/data/dataOptions.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { imageAugmentation } from '../../src/data/imageAugmentation.ts';
import { loadDataset } from '../../src/data/loadDataset.ts';
import { noisyLabels } from '../../src/data/noisyLabels.ts';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import { chiSquaredTail } from '../../src/measure/statistics/chiSquaredTail.ts';

const CLASSES = 5;

/** Images [1, 2, 4] whose bytes and label say which example they are of; the test part has 3. */
function images(examples: number): Dataset {
  const of = (count: number, name: string): Dataset => ({
    name,
    x: Uint8Array.from({ length: 8 * count }, (_, i) => (7 * i) % 256),
    exampleShape: [1, 2, 4],
    targets: {
      kind: 'classes',
      labels: Uint32Array.from({ length: count }, (_, n) => n % CLASSES),
      classes: CLASSES,
    },
    examples: count,
  });
  return { ...of(examples, 'images'), test: of(3, 'images (test)') };
}

const labelsOf = ({ targets }: Dataset): Uint32Array => {
  if (targets.kind !== 'classes') throw new Error('expected labels');
  return targets.labels;
};

/** The probability of counts at least as far from what is expected (Pearson's χ²). */
function probabilityOf(counts: readonly number[], expected: readonly number[]): number {
  const statistic = counts.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0);
  return chiSquaredTail(statistic, counts.length - 1);
}

test('pooled images are means of k × k pixels, of bytes and of floats, for training and for testing', () => {
  const bytes = images(2);
  const pooled = averagePool(bytes, 2);
  const meanAt = (at: number) => [0, 1, 4, 5].reduce((sum, i) => sum + bytes.x[at + i]!, 0) / 4 / 255;
  expect(pooled.exampleShape).toEqual([1, 1, 2]);
  expect([...pooled.x]).toEqual([0, 2, 8, 10].map((at) => Math.fround(meanAt(at))));
  expect(pooled.test!.exampleShape).toEqual([1, 1, 2]);
  expect(pooled.test!.x.length).toBe(6);
  const channels: Dataset = {
    ...bytes,
    x: Float32Array.of(1, 2, 3, 4, -1, 0, 1, 2.5, 8, 8, 8, 8, 0, 0, 0, 1),
    exampleShape: [2, 2, 2],
  };
  expect([...averagePool(channels, 2).x]).toEqual([2.5, 0.625, 8, 0.25]);
  expect(averagePool(bytes, 1)).toBe(bytes);
  expect(() => averagePool(bytes, 3)).toThrow(
    'images: average_pool: is 3, expected a divisor of height and width of the images, [1, 2, 4]',
  );
  expect(() => averagePool({ ...bytes, exampleShape: [8] }, 2)).toThrow(
    'images: average_pool: takes images [C, H, W], and examples are [8]',
  );
});

test('a label is replaced with the given probability, by every other class alike and never by itself', () => {
  const examples = 20_000;
  const clean = images(examples);
  const noisy = labelsOf(noisyLabels(clean, 0.3, 11));
  const shifts = new Array<number>(CLASSES).fill(0);
  noisy.forEach((label, n) => {
    shifts[(label - (n % CLASSES) + CLASSES) % CLASSES]!++;
  });
  const expected = shifts.map((_, i) => examples * (i === 0 ? 0.7 : 0.3 / (CLASSES - 1)));
  expect(probabilityOf(shifts, expected)).toBeGreaterThan(1e-3);
  // What is hit at one probability is hit by the same label at a higher one.
  const more = labelsOf(noisyLabels(clean, 0.6, 11));
  noisy.forEach((label, n) => {
    if (label !== n % CLASSES) expect(more[n]).toBe(label);
  });
  expect(labelsOf(noisyLabels(clean, 1, 3)).some((label, n) => label === n % CLASSES)).toBe(false);
  expect(noisyLabels(clean, 0, 3)).toBe(clean);
  expect([...labelsOf(noisyLabels(clean, 0.3, 12))]).not.toEqual([...noisy]);
  expect(noisyLabels(clean, 0.3, 11).test).toBe(clean.test);
  const values: Dataset = {
    ...clean,
    targets: { kind: 'values', y: new Float32Array(examples), width: 1 },
  };
  expect(() => noisyLabels(values, 0.1, 0)).toThrow('images: label_noise: the targets are values, expected');
  const one: Dataset = {
    ...clean,
    targets: { kind: 'classes', labels: new Uint32Array(examples), classes: 1 },
  };
  expect(() => noisyLabels(one, 0.1, 0)).toThrow('label_noise: there is one class, expected another');
});

test('a subset has no example twice, begins as a smaller one does, and an example has one label in all of them', () => {
  const all = images(31);
  const options = { labelNoise: 0.5, dataSeed: 4 };
  const noisy = labelsOf(withDataOptions(all, options));
  const [small, large] = [10, 31].map((subset) => withDataOptions(all, { ...options, subset }));
  const placeOf = (dataset: Dataset, i: number): number => {
    const row = dataset.x.subarray(8 * i, 8 * (i + 1)).join();
    return Array.from({ length: 31 }, (_, n) => n).find(
      (n) => all.x.subarray(8 * n, 8 * (n + 1)).join() === row,
    )!;
  };
  const places = Array.from({ length: 31 }, (_, i) => placeOf(large!, i));
  expect(new Set(places).size).toBe(31);
  expect(Array.from({ length: 10 }, (_, i) => placeOf(small!, i))).toEqual(places.slice(0, 10));
  expect([...labelsOf(large!)]).toEqual(places.map((n) => noisy[n]));
  expect([...labelsOf(small!)]).toEqual([...labelsOf(large!)].slice(0, 10));
  expect(small!.test).toBe(all.test);
  expect(withDataOptions(all, { subset: 1 }).examples).toBe(1);
  expect(() => withDataOptions(all, { subset: 32 })).toThrow(
    'images: subset: is 32, and there are 31 examples: expected at most as many',
  );
});

test('a data set’s name says what is made of it, and gives it again', async () => {
  const { x, targets } = images(20);
  const y = (targets as { labels: Uint32Array }).labels;
  const bytes = writeSafetensors(
    new Map([
      ['x', { dtype: 'U8', shape: [20, 1, 2, 4], data: x as Uint8Array }],
      ['y', { dtype: 'I32', shape: [20], data: Int32Array.from(y) }],
    ]),
  );
  const asked: string[] = [];
  const source = {
    read: async (path: string) => {
      asked.push(path);
      return bytes;
    },
  };
  const plain = await loadDataset('data/x.safetensors', source);
  const made = withDataOptions(plain, { subset: 7, averagePool: 2, labelNoise: 0.4, dataSeed: 9 });
  expect(made.name).toBe('data/x.safetensors?average_pool=2&subset=7&label_noise=0.4&data_seed=9');
  expect(await loadDataset(made.name, source)).toEqual(made);
  expect(new Set(asked)).toEqual(new Set(['data/x.safetensors']));
  // Two steps are as one, and a seed that is left out is 0.
  const pooled = withDataOptions(plain, { averagePool: 2 });
  const inSteps = withDataOptions(pooled, { subset: 7, labelNoise: 0.4, dataSeed: 9 });
  expect(inSteps).toEqual(made);
  expect(withDataOptions(plain, { subset: 3 }).name).toBe('data/x.safetensors?subset=3&data_seed=0');
  // A synthetic set has options of its own beside these.
  const clusters = await loadDataset('gaussian-clusters?examples=50&subset=7&dims=3&data_seed=2', source);
  expect(clusters.examples).toBe(7);
  expect(clusters.name).toBe('gaussian-clusters?examples=50&dims=3&subset=7&data_seed=2');
  expect(clusters.exampleShape).toEqual([3]);
});

test('options that cannot be meant are refused by the name that has them', async () => {
  for (const [name, message] of [
    ['mnist?subset=0', 'mnist?subset=0: subset: is "0", expected an integer from 1 to 4294967295'],
    ['mnist?subset=', 'mnist?subset=: subset: is "", expected an integer'],
    ['mnist?subset=3&subset=4', 'subset: option given twice'],
    ['a.npz?label_noise=1.5', 'label_noise: is "1.5", expected a number from 0 to 1'],
    ['mnist?average_pool=1.5', 'average_pool: is "1.5", expected an integer from 1'],
    ['mnist?data_seed=3', 'data_seed: nothing is drawn by it, expected subset or label_noise too'],
  ] as const) {
    expect(() => splitDataName(name), name).toThrow(message);
  }
  const read = () => Promise.reject(new Error('no file'));
  await expect(loadDataset('mnist?blur=2', { read })).rejects.toThrow(
    'mnist?blur=2: blur: unknown option, expected average_pool, subset, label_noise, data_seed',
  );
  await expect(loadDataset('mnist?subset=5&blur=2', { read })).rejects.toThrow('mnist?blur=2: blur: unknown');
  await expect(loadDataset('x.npz?subset=5&shift=1', { read })).rejects.toThrow(
    'x.npz?shift=1: shift: unknown',
  );
  await expect(loadDataset('a.safetensors?foo=2', { read })).rejects.toThrow(
    'a.safetensors?foo=2: foo: unknown option, expected average_pool, subset, label_noise, data_seed',
  );
});

test('every shift and side of an image comes equally often, and follows from seed, step and position', () => {
  const [steps, batch] = [300, 90];
  const counts = new Map<string, number>();
  for (let step = 0; step < steps; step++) {
    for (let position = 0; position < batch; position++) {
      const drawn = imageAugmentation({ shift: 1, flip: true }, { seed: 5, step, position });
      const way = `${drawn.down} ${drawn.right} ${drawn.flipped}`;
      counts.set(way, (counts.get(way) ?? 0) + 1);
    }
  }
  expect(counts.size).toBe(18);
  const all = [...counts.values()];
  expect(
    probabilityOf(
      all,
      all.map(() => (steps * batch) / 18),
    ),
  ).toBeGreaterThan(1e-3);
  // Neither one position nor one step repeats.
  const at = (seed: number, step: number, position: number) =>
    imageAugmentation({ shift: 100, flip: false }, { seed, step, position });
  expect(at(5, 1, 2)).toEqual(at(5, 1, 2));
  for (const other of [at(6, 1, 2), at(5, 2, 2), at(5, 1, 3), at(5, 2, 1)])
    expect(other).not.toEqual(at(5, 1, 2));
  expect(at(5, 1, 2).flipped).toBe(false);
});
