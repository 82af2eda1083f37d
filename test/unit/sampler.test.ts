import { expect, test } from 'vitest';
import { type BatchRequest, hostIndices, multiplyHigh } from '../../src/data/sampler.ts';
import { permutedIndex } from '../../src/random/permutation.ts';
import { advance } from '../../src/reference/advance.ts';

const request = (given: Partial<BatchRequest>): BatchRequest => ({
  mode: 'shuffle',
  examples: 10,
  batchSize: 4,
  step: 0,
  epoch: 0,
  offset: 0,
  seed: 1,
  ...given,
});
const permutation = (n: number, seed: number, epoch: number) =>
  Uint32Array.from({ length: n }, (_, index) => permutedIndex(seed, epoch, n, index));

/** Σ (found − expected)²/expected over cells of equal probability. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
/** Mean k and variance 2k of chi-square with k degrees of freedom; five standard deviations. */
const bound = (degrees: number) => degrees + 5 * Math.sqrt(2 * degrees) + 10;

test.each([1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 1000, 60_000])('every epoch is a permutation of %i', (n) => {
  for (const [seed, epoch] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [0xffffffff, 0xffffffff],
  ] as const) {
    const sorted = permutation(n, seed, epoch).sort();
    expect(sorted.every((value, index) => value === index)).toBe(true);
  }
});

test('epochs and seeds give other permutations', () => {
  const first = permutation(1000, 1, 0);
  for (const [seed, epoch] of [
    [1, 1],
    [2, 0],
    [1, 2],
  ] as const) {
    const fixed = permutation(1000, seed, epoch).filter((value, index) => value === first[index]).length;
    // Poisson(1) coincidences.
    expect(fixed).toBeLessThan(10);
  }
});

test('takes the largest domains', () => {
  for (const n of [2 ** 31, 2 ** 32 - 1]) {
    const images = [0, 1, n - 1].map((index) => permutedIndex(3, 0, n, index));
    expect(new Set(images).size).toBe(3);
    for (const image of images) expect(image).toBeLessThan(n);
  }
});

test.each([2, 3, 5, 50, 300])('over epochs, each index is as often at each place (n = %i)', (n) => {
  const epochs = 100 * n;
  for (const index of [0, n - 1]) {
    const counts = Array<number>(n).fill(0);
    for (let epoch = 0; epoch < epochs; epoch++) counts[permutedIndex(7, epoch, n, index)]!++;
    expect(chiSquare(counts)).toBeLessThan(bound(n - 1));
  }
});

test('over epochs, neighbours in the file are not neighbours in the stream', () => {
  const n = 40;
  const counts = Array<number>(n - 1).fill(0);
  for (let epoch = 0; epoch < 20_000; epoch++) {
    const distance = permutedIndex(5, epoch, n, 11) - permutedIndex(5, epoch, n, 10);
    counts[((distance + n) % n) - 1]!++;
  }
  expect(chiSquare(counts)).toBeLessThan(bound(n - 2));
});

test('all orders of three come up', () => {
  const counts = new Map<string, number>();
  for (let epoch = 0; epoch < 6000; epoch++) {
    const key = permutation(3, 11, epoch).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  expect(chiSquare([...counts.values()])).toBeLessThan(bound(5));
});

test.each([
  ['shuffle', 10, 4],
  ['shuffle', 3, 8],
  ['shuffle', 1, 5],
  ['sequential', 10, 4],
  ['sequential', 2, 7],
] as const)('%s: batches straddle epochs and cover each (N = %i, B = %i)', (mode, examples, batchSize) => {
  let counters: Parameters<typeof advance>[0] = [0, 0, 0];
  const stream: number[] = [];
  for (let i = 0; i < 20; i++) {
    const [step, epoch, offset] = counters;
    stream.push(...hostIndices(request({ mode, examples, batchSize, step, epoch, offset })));
    counters = advance(counters, batchSize, examples);
  }
  const epochs = Math.floor((20 * batchSize) / examples);
  expect(counters).toEqual([20, epochs, (20 * batchSize) % examples]);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const part = stream.slice(epoch * examples, (epoch + 1) * examples);
    const expected = Array.from({ length: examples }, (_, i) => i);
    expect(mode === 'sequential' ? part : part.sort((a, b) => a - b)).toEqual(expected);
  }
});

test('shuffle depends on the cursor, not on how the stream is cut into batches', () => {
  const whole = hostIndices(request({ batchSize: 24 }));
  const cut = [0, 8, 16].flatMap((place) => [
    ...hostIndices(request({ batchSize: 8, epoch: Math.floor(place / 10), offset: place % 10, step: place })),
  ]);
  expect(cut).toEqual([...whole]);
});

test.each([1, 2, 3, 60_000])('iid is uniform on [0, %i)', (examples) => {
  const cells = Math.min(examples, 100);
  const counts = Array<number>(cells).fill(0);
  for (let step = 0; step < 100; step++) {
    for (const index of hostIndices(request({ mode: 'iid', examples, batchSize: 200, step }))) {
      expect(index).toBeLessThan(examples);
      counts[Math.floor((index * cells) / examples)]!++;
    }
  }
  expect(chiSquare(counts)).toBeLessThan(bound(cells - 1));
});

test('iid depends on seed and step alone', () => {
  const draw = (given: Partial<BatchRequest>) =>
    hostIndices(request({ mode: 'iid', examples: 1e6, ...given }));
  expect(draw({ epoch: 3, offset: 5 })).toEqual(draw({}));
  expect(draw({ step: 1 })).not.toEqual(draw({}));
  expect(draw({ seed: 2 })).not.toEqual(draw({}));
});

test('order reads its row', () => {
  const order = Uint32Array.of(5, 6, 7, 8, 1, 2, 3, 4);
  expect(hostIndices(request({ mode: 'order', step: 1, order }))).toEqual(Uint32Array.of(1, 2, 3, 4));
  expect(() => hostIndices(request({ mode: 'order', step: 2, order }))).toThrow(RangeError);
});

test('multiplyHigh is the upper word of the product', () => {
  const words = [0, 1, 2, 3, 0xffff, 0x10000, 0x12345678, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
  for (const a of words) {
    for (const b of words) expect(multiplyHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
  }
});
