import { expect, test } from 'vitest';
import { deriveSeed } from '../../src/random/deriveSeed.ts';
import { purpose } from '../../src/random/purpose.ts';

test('purposes and seeds next to each other have seeds that are nothing alike', () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed);
  const derived = (['init', 'order', 'data'] as const).flatMap((of) => seeds.map((s) => deriveSeed(s, of)));
  expect(new Set(derived).size).toBe(600);
  expect(derived.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
  // Half the bits of neighbours differ: 16 of 32, with a standard error of 0.2 over 199 pairs.
  const bits = (n: number): number => n.toString(2).replaceAll('0', '').length;
  for (const of of ['init', 'order'] as const) {
    const flips = seeds.slice(1).map((s) => bits((deriveSeed(s, of) ^ deriveSeed(s - 1, of)) >>> 0));
    expect(Math.abs(flips.reduce((sum, n) => sum + n, 0) / flips.length - 16)).toBeLessThan(1);
  }
});

test('they are part of what a run is: the same in every version', () => {
  expect(deriveSeed(0, 'init')).toBe(3446398236);
  expect(deriveSeed(0, 'order')).toBe(1901232913);
  expect(deriveSeed(7, 'order')).toBe(2813970359);
  expect(Object.values(purpose).filter((number) => number === purpose.seeds)).toHaveLength(1);
});
