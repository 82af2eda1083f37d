import { expect, test } from 'vitest';
import { normOf } from '../../src/measure/landscape/flatGeometry.ts';
import { placeInPlane, planeThrough } from '../../src/measure/landscape/planeThrough.ts';
import { dot64 } from '../../src/measure/statistics/dot64.ts';
import { normal } from '../../src/random/normal.ts';

const vector = (seed: number, length = 500): Float64Array =>
  Float64Array.from({ length }, (_, i) => normal(seed, 0, 0, i));
const named = (...all: (Float32Array | Float64Array)[]) =>
  all.map((values, i) => ({ name: `w${i + 1}`, values }));
const mixed = (a: Float64Array, b: Float64Array, s: number): Float64Array =>
  a.map((value, i) => (1 - s) * value + s * b[i]!);

test('axes are orthonormal, and solutions and marks are where the coordinates say', () => {
  const [w1, w2, w3, w4] = [1, 2, 3, 4].map((seed) => vector(seed)) as [Float64Array, ...Float64Array[]];
  const plane = planeThrough(named(w1, w2!, w3!));
  expect(normOf(plane.u)).toBeCloseTo(1, 12);
  expect(normOf(plane.v)).toBeCloseTo(1, 12);
  expect(dot64(plane.u, plane.v)).toBeCloseTo(0, 12);
  for (const [i, w] of [w1, w2!, w3!].entries()) {
    const { x, y, distance } = placeInPlane(plane, w);
    expect(x).toBeCloseTo(plane.solutions[i]!.x, 10);
    expect(y).toBeCloseTo(plane.solutions[i]!.y, 10);
    expect(distance).toBeCloseTo(0, 10);
  }
  const off = w4!.map((value, i) => value - plane.origin[i]!);
  const { x, y, distance } = placeInPlane(plane, w4!);
  expect(x * x + y * y + distance * distance).toBeCloseTo(dot64(off, off), 8);
  expect(distance).toBeGreaterThan(1);
});

test('three on one line are refused however far apart and however they were rounded, and three that nearly are, not', () => {
  const [w1, w2, w3] = [1, 2, 3].map((seed) => vector(seed)) as [Float64Array, ...Float64Array[]];
  for (const s of [-40, -1, 0, 1e-3, 0.5, 1, 3, 1000]) {
    const rounded = named(
      Float32Array.from(w1),
      Float32Array.from(w2!),
      Float32Array.from(mixed(w1, w2!, s)),
    );
    expect(() => planeThrough(rounded), `s = ${s}`).toThrow(/through: w1, w2, w3: they lie on one line/);
  }
  // Close to each other, and to the line: off it by 30 times what rounding makes.
  const near = mixed(w1, w2!, 1e-3);
  const height = 30 * 2 ** -24 * normOf(w1);
  const third = mixed(w1, near, 0.5).map((value, i) => value + (height * w3![i]!) / normOf(w3!));
  const plane = planeThrough(named(w1, near, third));
  expect(dot64(plane.u, plane.v)).toBeCloseTo(0, 10);
  expect(() => planeThrough(named(w1, w1, w3!))).toThrow('the first two hold the same parameters');
});
