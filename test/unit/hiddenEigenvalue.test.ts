import { expect, test } from 'vitest';
import { chanceOfComponent, hiddenComponent } from '../../src/measure/statistics/hiddenEigenvalue.ts';
import { symmetricEigen } from '../../src/measure/statistics/symmetricEigen.ts';
import { uniform } from '../../src/selftest/values.ts';

/** Lanczos's process with full reorthogonalisation on a diagonal, in float64: Ritz values and norms after some steps. */
function lanczos(diagonal: readonly number[], start: readonly number[], steps: number) {
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  const vectors: number[][] = [[...start]];
  const matrix: number[][] = [];
  const norms: number[] = [];
  for (let j = 0; j < steps; j++) {
    let w = vectors[j]!.map((v, i) => v * diagonal[i]!);
    matrix.push(vectors.map((v) => dot(v, w)));
    for (let twice = 0; twice < 2; twice++) {
      for (const v of vectors) {
        const c = dot(v, w);
        w = w.map((x, i) => x - c * v[i]!);
      }
    }
    norms.push(Math.sqrt(dot(w, w)));
    vectors.push(w.map((x) => x / norms[j]!));
  }
  return { values: symmetricEigen(matrix).values, norms: Float64Array.from(norms) };
}

const DIAGONAL = Array.from({ length: 65 }, (_, i) => (i === 0 ? 1.6 : Math.cos(3 * i)));

function unitVector(seed: number, first?: number): number[] {
  const v = [...uniform(DIAGONAL.length, seed)];
  if (first !== undefined) v[0] = first;
  const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  return v.map((x) => x / norm);
}

test('a component along an eigenvector is no larger than what hides, until its value shows', () => {
  for (let seed = 0; seed < 8; seed++) {
    const start = unitVector(seed, 1e-6);
    for (const steps of [1, 3, 6, 9]) {
      const { values, norms } = lanczos(DIAGONAL, start, steps);
      if (values.at(-1)! > 1.3) continue;
      expect(hiddenComponent(values, norms, 1.6)).toBeGreaterThan(Math.abs(start[0]!));
    }
    // A start without it shows more with every step, and the more the farther the value would lie.
    const without = [2, 5, 8].map((steps) => lanczos(DIAGONAL, unitVector(seed, 0), steps));
    const bounds = without.map(({ values, norms }) => hiddenComponent(values, norms, 1.6));
    expect(bounds[1]!).toBeLessThan(bounds[0]!);
    expect(bounds[2]!).toBeLessThan(bounds[1]!);
    expect(hiddenComponent(without[1]!.values, without[1]!.norms, 2)).toBeLessThan(bounds[1]!);
  }
});

test('so small a component is no likelier than said', () => {
  const draws = 2000;
  const first = Array.from({ length: draws }, (_, seed) => Math.abs(unitVector(seed)[0]!));
  for (const small of [0.003, 0.03, 0.1]) {
    const rarer = first.filter((component) => component <= small).length;
    const stated = chanceOfComponent(small, DIAGONAL.length);
    expect(rarer / draws).toBeLessThan(stated + 4 * Math.sqrt((stated * (1 - stated)) / draws));
    if (small < 0.05) expect(rarer / draws).toBeGreaterThan(0.5 * stated);
  }
  expect(chanceOfComponent(1, 65)).toBe(1);
});
