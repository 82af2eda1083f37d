import { expect, test } from 'vitest';
import { symmetricEigen } from '../../src/measure/statistics/symmetricEigen.ts';

function random(n: number, rank = n): number[][] {
  let seed = 7 * n + rank;
  const next = (): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed / 2 ** 30 - 1;
  };
  const b = Array.from({ length: rank }, () => Array.from({ length: n }, next));
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) =>
      b.reduce((sum, row, k) => sum + (k % 3 ? 1 : -1) * row[i]! * row[j]!, 0),
    ),
  );
}

const CASES: Record<string, number[][]> = {
  'one element': [[-3]],
  'a diagonal with equal elements': [2, -1, 2, 0].map((v, i) => [0, 1, 2, 3].map((j) => (i === j ? v : 0))),
  zeros: [0, 1, 2].map(() => [0, 0, 0]),
  'random 2': random(2),
  'random 33': random(33),
  'random 127 of rank 5': random(127, 5),
  'blocks that do not touch': [
    [1, 2, 0, 0],
    [2, 1, 0, 0],
    [0, 0, 5, 1e-9],
    [0, 0, 1e-9, 5],
  ],
};

for (const [name, matrix] of Object.entries(CASES)) {
  test(`eigenpairs of ${name}: A·v = λ·v, orthonormal, ascending`, () => {
    const n = matrix.length;
    const { values, vectors } = symmetricEigen(matrix);
    const size = Math.max(1e-300, ...matrix.flat().map(Math.abs)) * n;
    for (let a = 0; a < n; a++) {
      if (a > 0) expect(values[a]).toBeGreaterThanOrEqual(values[a - 1]!);
      for (let i = 0; i < n; i++) {
        const product = matrix[i]!.reduce((sum, m, k) => sum + m * vectors[a]![k]!, 0);
        expect(Math.abs(product - values[a]! * vectors[a]![i]!)).toBeLessThan(1e-14 * size + 1e-300);
      }
      for (let b = 0; b <= a; b++) {
        const dot = vectors[a]!.reduce((sum, v, k) => sum + v * vectors[b]![k]!, 0);
        expect(Math.abs(dot - (a === b ? 1 : 0))).toBeLessThan(1e-13);
      }
    }
  });
}

test('an element that is not finite is told', () => {
  expect(() =>
    symmetricEigen([
      [1, 0],
      [NaN, 1],
    ]),
  ).toThrow('element [1, 0] of the matrix is NaN');
});
