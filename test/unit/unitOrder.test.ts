import { expect, test } from 'vitest';
import { unitOrder } from '../../src/measure/statistics/unitOrder.ts';
import { permutedIndex } from '../../src/random/permutation.ts';

const classes = (labels: readonly number[]) => ({
  kind: 'classes' as const,
  labels: Uint32Array.from(labels),
  classes: Math.max(...labels) + 1,
});
const count = 600;
const indices = Array.from({ length: count }, (_, n) => n);

test('classes that take turns leave units alike, sorted ones leave them apart', () => {
  expect(unitOrder(classes(indices.map((n) => n % 10)), 10)).toBe('alike');
  expect(unitOrder(classes(indices.map((n) => n % 10)), 7)).toBe('alike');
  expect(unitOrder(classes(indices.map((n) => Math.floor(n / 60))), 10)).toBe('apart');
});

test('values are told as classes are, whatever their scale', () => {
  const values = (y: readonly number[][]) => ({
    kind: 'values' as const,
    y: Float32Array.from(y.flat()),
    width: y[0]!.length,
  });
  const noise = (n: number): number => 1000 * permutedIndex(1, 0, count, n);
  expect(unitOrder(values(indices.map((n) => [n, noise(n)])), 20)).toBe('apart');
  expect(unitOrder(values(indices.map((n) => [1000 * (n % 5)])), 20)).toBe('alike');
  expect(unitOrder(values(indices.map((n) => [1, noise(n)])), 20)).toBe('random');
});

test('sequences are told by the classes of all their positions', () => {
  const sequences = (classOf: (n: number, t: number) => number) => ({
    ...classes(indices.flatMap((n) => [0, 1, 2].map((t) => classOf(n, t)))),
    positions: 3,
  });
  expect(
    unitOrder(
      sequences((n, t) => ((n % 10) + t) % 10),
      10,
    ),
  ).toBe('alike');
  expect(
    unitOrder(
      sequences((n) => Math.floor(n / 60)),
      10,
    ),
  ).toBe('apart');
  expect(
    unitOrder(
      sequences((n, t) => permutedIndex(t, 0, count, n) % 10),
      10,
    ),
  ).toBe('random');
});

test('random orders, single examples, one unit and one class are as good as random', () => {
  for (let seed = 0; seed < 40; seed++) {
    const shuffled = indices.map((n) => permutedIndex(seed, 0, count, n) % 10);
    expect(unitOrder(classes(shuffled), 10), `seed ${seed}`).toBe('random');
  }
  const turns = classes(indices.map((n) => n % 10));
  expect(unitOrder(turns, 1)).toBe('random');
  expect(unitOrder(turns, count)).toBe('random');
  expect(unitOrder(classes(indices.map(() => 0)), 10)).toBe('random');
});
