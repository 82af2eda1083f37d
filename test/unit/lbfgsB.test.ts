import { expect, test } from 'vitest';
import { lbfgsB } from '../../src/measure/sharpness/lbfgsB.ts';

/** A function of a point of the box that is minimised: value and gradient. */
type Cost = (x: Float64Array) => { value: number; gradient: Float64Array };

/** What the search finds of the least of a cost, that is the greatest of minus it. */
async function least(cost: Cost, radii: readonly number[], start: readonly number[], iterations: number) {
  const seen: Float64Array[] = [];
  const negated = (x: Float64Array) => {
    const { value, gradient } = cost(x);
    return { value: -value, gradient: gradient.map((g) => -g) };
  };
  const point = Float64Array.from(start);
  const found = await lbfgsB({
    start: { point, ...negated(point) },
    radii,
    iterations,
    evaluate: async (x) => {
      seen.push(x);
      return negated(x);
    },
  });
  return { ...found, value: -found.value, seen };
}

/** ½(x − c)ᵀH(x − c) of a positive definite H that is not diagonal. */
function quadratic(centre: (i: number) => number): Cost {
  const h = (i: number, j: number): number => (i === j ? 2 + i : 0.5 / (1 + Math.abs(i - j)));
  return (x) => {
    const gradient = x.map((_, i) => x.reduce((sum, each, j) => sum + h(i, j) * (each - centre(j)), 0));
    return { value: x.reduce((sum, each, i) => sum + 0.5 * (each - centre(i)) * gradient[i]!, 0), gradient };
  };
}

const rosenbrock: Cost = (x) => {
  const [a, b] = x as unknown as [number, number];
  return {
    value: (1 - a) ** 2 + 100 * (b - a * a) ** 2,
    gradient: Float64Array.of(-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)),
  };
};

/** How far a point is from the conditions of Karush, Kuhn and Tucker: the gradient, but for what points out of the box at a bound. */
const leftOf = (gradient: Float64Array, x: Float64Array, radii: readonly number[]): number =>
  Math.max(...gradient.map((g, i) => Math.abs(Math.max(-radii[i]!, Math.min(radii[i]!, x[i]! - g)) - x[i]!)));

test('a convex quadratic ends where no coordinate can go down within its bounds', async () => {
  const radii = Array.from({ length: 12 }, (_, i) => 0.2 + 0.1 * i);
  const cost = quadratic((i) => (i % 3 === 0 ? 2 : 0.1 * i - 0.4));
  const found = await least(cost, radii, Array(12).fill(0), 40);
  const { gradient } = cost(found.point);
  expect(leftOf(gradient, found.point, radii)).toBeLessThan(1e-6);
  // Some are at bounds, others inside.
  const atBound = found.point.filter((x, i) => Math.abs(x) === radii[i]).length;
  expect(atBound).toBeGreaterThan(0);
  expect(atBound).toBeLessThan(12);
});

test("Rosenbrock's valley is followed to its end, and to the bound that cuts it off", async () => {
  const open = await least(rosenbrock, [2, 2], [-1.2, 1], 80);
  expect(open.value).toBeLessThan(1e-10);
  expect([...open.point]).toEqual([expect.closeTo(1, 4), expect.closeTo(1, 4)]);
  // With |a| ≤ 0.5 the least is at a = 0.5, b = 0.25.
  const cut = await least(rosenbrock, [0.5, 2], [-0.4, 1], 80);
  expect([...cut.point]).toEqual([0.5, expect.closeTo(0.25, 6)]);
});

test('what is concave goes to a corner, and every point that is tried lies in the box', async () => {
  const radii = [0.5, 1, 2, 0];
  const concave: Cost = (x) => ({
    value: -x.reduce((sum, each, i) => sum + (i + 1) * each * each, 0),
    gradient: x.map((each, i) => -2 * (i + 1) * each),
  });
  const found = await least(concave, radii, [0.01, -0.02, 0.03, 0], 10);
  expect([...found.point]).toEqual([0.5, -1, 2, 0]);
  for (const x of found.seen) expect(x.every((each, i) => Math.abs(each) <= radii[i]!)).toBe(true);
  // At a corner from which no slope leads away nothing more is evaluated.
  expect(found.evaluations).toBeLessThan(10);
});

test('where no slope is, or none that is a number, the start is what there is', async () => {
  const flat: Cost = (x) => ({ value: 1, gradient: new Float64Array(x.length) });
  expect(await least(flat, [1, 1], [0.5, 0], 10)).toMatchObject({ value: 1, evaluations: 0 });
  const bad: Cost = (x) => ({ value: 1, gradient: new Float64Array(x.length).fill(Number.NaN) });
  expect(await least(bad, [1, 1], [0.5, 0], 10)).toMatchObject({ value: 1, evaluations: 0 });
});
