import { expect, test } from 'vitest';
import {
  type EigenvalueProgress,
  eigenvalues,
  searchEigenvalues,
} from '../../src/measure/curvature/eigenvalues.ts';
import { testGpu } from './device.ts';
import { diagonal } from './diagonal.ts';

const SPECTRA: Record<string, { sizes: number[]; values: number[]; count: number }> = {
  'one parameter': { sizes: [1], values: [-2.5], count: 5 },
  'twice the same, and negative ones': { sizes: [3, 2], values: [4, -1, 4, 0.5, -7], count: 5 },
  'the identity: every start is an eigenvector': { sizes: [33, 7], values: Array(40).fill(3), count: 40 },
  'nothing but zeros': { sizes: [65], values: Array(65).fill(0), count: 3 },
  'few values, many times each': {
    sizes: [127, 65],
    values: Array.from({ length: 192 }, (_, i) => [5, 5, -3, 0, 0, 0, 1e-3, 2][i % 8]!),
    count: 192,
  },
  'large: outliers that come twice, and a bulk': {
    sizes: [1000, 1000, 33],
    values: Array.from({ length: 2033 }, (_, i) =>
      i < 8 ? 10 - Math.floor(i / 2) : i < 12 ? i - 17 : Math.cos(i) / 2,
    ),
    count: 4,
  },
};

test('progress: products that only grow, to those of the search, and all pairs at the end', async () => {
  const gpu = await testGpu();
  const values = Array.from({ length: 400 }, (_, i) => (i < 6 ? 3 + (i >> 1) : Math.sin(i)));
  const { operator, dispose } = await diagonal([400], values);
  const told: EigenvalueProgress[] = [];
  const search = searchEigenvalues(gpu, operator, { count: 4 });
  let next = await search.next();
  for (; !next.done; next = await search.next()) told.push(next.value);
  const spectrum = next.value;
  expect(spectrum.pairs.map(({ value }) => Math.round(value))).toEqual([5, 5, 4, 4]);
  expect(told.every(({ products }, i) => i === 0 || products > told[i - 1]!.products)).toBe(true);
  // The residuals take a product a pair.
  expect(told.at(-1)).toEqual({ products: spectrum.products - 4, converged: 4, wanted: 4 });
  expect(told.some(({ converged }) => converged < 4)).toBe(true);
  // One number is not doubted for the sake of its copies, and the same again is bit for bit the same.
  const one = await eigenvalues(gpu, operator, { count: 1 });
  expect(one.products).toBeLessThan(spectrum.products);
  expect(await eigenvalues(gpu, operator, { count: 4 })).toEqual(spectrum);
  dispose();
});

for (const [name, { sizes, values, count }] of Object.entries(SPECTRA)) {
  test(`eigenvalues of a diagonal: ${name}`, async () => {
    const gpu = await testGpu();
    const { operator, dispose } = await diagonal(sizes, values);
    const size = Math.max(...values.map(Math.abs));
    for (const which of ['largest', 'smallest'] as const) {
      const { pairs, converged } = await eigenvalues(gpu, operator, { count, which });
      const expected = values.toSorted((a, b) => (which === 'largest' ? b - a : a - b)).slice(0, count);
      expect(converged).toBe(true);
      expect(pairs).toHaveLength(expected.length);
      pairs.forEach(({ value, residual }, k) => {
        expect(Math.abs(value - expected[k]!)).toBeLessThanOrEqual(1e-5 * size);
        expect(residual).toBeLessThanOrEqual(1e-3 * Math.max(Math.abs(value), size / 100));
      });
    }
    dispose();
  });
}
