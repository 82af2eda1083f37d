import { expect, test } from 'vitest';
import { eigenvalues } from '../../src/measure/eigenvalues.ts';
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
