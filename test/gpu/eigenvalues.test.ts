import { expect, test } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import { State } from '../../src/gpu/state.ts';
import { submitAhead } from '../../src/gpu/submitAhead.ts';
import { eigenvalues } from '../../src/measure/eigenvalues.ts';
import type { LinearOperator } from '../../src/measure/operator.ts';
import { flatLayout } from '../../src/ops/flat.ts';
import { Graph } from '../../src/ops/graph.ts';
import { read } from '../../src/ops/leaf.ts';
import { multiply } from '../../src/ops/multiply.ts';
import { store } from '../../src/ops/store.ts';
import { testGpu } from './device.ts';

/** diag(values), over tensors of these sizes. */
async function diagonal(sizes: readonly number[], values: readonly number[]) {
  const gpu = await testGpu();
  const layout = flatLayout(sizes.map((extent, i) => ({ name: `${i}`, shape: [extent] })));
  const state = (label: string): State => new State(gpu, { label, shape: [layout.length] });
  const [matrix, direction, product] = [state('diagonal'), state('direction'), state('product')];
  const flat = new Float32Array(layout.length);
  let next = 0;
  for (const { offset, elements } of layout.entries) {
    for (let i = 0; i < elements; i++) flat[offset + i] = values[next++]!;
  }
  matrix.write(flat);
  const arena = new Arena(gpu);
  const graph = new Graph();
  store(product, multiply(read(graph, matrix), read(graph, direction)));
  const program = await compile(gpu, graph, { label: 'diagonal', replicas: 1, arena });
  const operator: LinearOperator = {
    layout,
    directions: [direction],
    products: [product],
    apply: (then = []) => submitAhead(gpu, [program, ...then]),
  };
  const dispose = (): void => {
    program.dispose();
    arena.dispose();
    for (const each of [matrix, direction, product]) each.dispose();
  };
  return { operator, dispose };
}

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
