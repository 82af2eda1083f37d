import { expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/data/safetensors.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import type { PlaneResult } from '../../src/measure/landscape/landscapeResult.ts';
import { placeLabels } from '../../src/present/figures/placeLabels.ts';
import { planeFigure } from '../../src/present/figures/planeFigure.ts';
import { weightsAt } from '../../src/web/landscape/planeWeights.ts';
import { firstSlice, interpolated } from '../../src/web/landscape/slice.ts';
import { readSlice, sliceText } from '../../src/web/landscape/viewState.ts';

const GRID = { x: [0, 1, 2], y: [0, 2] };
/** exp(x + 3y), whose logarithm is linear. */
const LOSS = GRID.y.map((y) => GRID.x.map((x) => Math.exp(x + 3 * y)));

const plane = {
  ...GRID,
  kind: 'plane',
  loss: LOSS,
  testLoss: LOSS.map((row) => row.map((value) => 2 * value)),
  accuracy: LOSS,
  testAccuracy: null,
  marks: {
    1: { x: 0, y: 0, distance: 0 },
    2: { x: 2, y: 0, distance: 0 },
    3: { x: 1, y: 2, distance: 0 },
    early: { x: 0.5, y: 1, distance: 0.1 },
  },
} as unknown as PlaneResult;

test('along a slice the logarithm of the loss is linear between grid points, and nothing is known beside a gap', () => {
  const values = interpolated(plane, plane.loss, { from: [0.25, 0.5], to: [1.75, 1.5] });
  values.forEach((value, i) => {
    const share = i / (values.length - 1);
    expect(value).toBeCloseTo(Math.exp(0.25 + 1.5 * share + 3 * (0.5 + share)), 9);
  });
  const gap = LOSS.map((row, j) => row.map((value, i) => (i === 2 && j === 1 ? null : value)));
  const found = interpolated(plane, gap, { from: [0, 1], to: [2, 1] });
  expect(found.slice(0, 51).every((value) => value !== null)).toBe(true);
  expect(found.slice(51).every((value) => value === null)).toBe(true);
});

test('a slice stands in the address, and within the plane', () => {
  const slice = readSlice({ slice: sliceText({ from: [0.123456, 0.5], to: [1, 2] }) }, plane);
  expect(slice).toEqual({ from: [0.12346, 0.5], to: [1, 2] });
  expect(readSlice({ slice: '-5,0,9,1' }, plane)).toEqual({ from: [0, 0], to: [2, 1] });
  for (const text of ['', '1,2,3', '1,2,3,x'])
    expect(readSlice({ slice: text }, plane)).toEqual(firstSlice(plane));
});

test('weights at a place of the plane are those of its three files in its own coordinates', () => {
  const f32 = (...data: number[]): HostTensor => ({
    dtype: 'F32',
    shape: [data.length],
    data: Float32Array.from(data),
  });
  // w2 − w1 along the first axis, of length 2; w3 is 1 along it and 2 across.
  const files = [f32(1, 1, 7), f32(3, 1, 7), f32(2, 3, 7)].map((weight, i) =>
    writeSafetensors(
      new Map([
        ['p.0.weight', weight],
        ['p.1.running_mean', f32(i)],
        ['other', f32(9)],
      ]),
    ),
  );
  const corners = files.map((bytes, i) => ({ file: `${i}.safetensors`, prefix: 'p.', bytes }));
  const places = [
    [0, 0],
    [2, 0],
    [1, 2],
    [-0.5, 1],
  ] as const;
  const found = weightsAt(corners, plane, places).map((bytes) => readSafetensors('found', bytes));
  expect(found.map((tensors) => [...tensors.get('0.weight')!.data])).toEqual([
    [1, 1, 7],
    [3, 1, 7],
    [2, 3, 7],
    [0.5, 2, 7],
  ]);
  for (const tensors of found) {
    expect([...tensors.keys()].sort()).toEqual(['0.weight', '1.running_mean']);
    expect([...tensors.get('1.running_mean')!.data]).toEqual([0]);
  }
});

test('train and test losses have the same levels where they stand side by side, and trajectories lose their names', () => {
  const { panels } = planeFigure(plane, { beside: 'loss', trajectories: [['early', '1']] });
  const [least, most] = [Math.exp(0), 2 * Math.exp(8)];
  expect(panels.map(({ title, quantity }) => [title, quantity.range])).toEqual([
    ['Training loss', [least, most]],
    ['Test loss', [least, most]],
  ]);
  expect(panels[0]!.points.map(({ name }) => name)).toEqual(['w1', 'w2', 'w3']);
  expect(panels[0]!.paths).toEqual([
    [
      { name: 'early', x: 0.5, y: 1 },
      { name: 'w1', x: 0, y: 0 },
    ],
  ]);
});

test('names of points close to one another stand beside them in free places, inside the chart', () => {
  const at = (x: number, y: number) => ({ name: 'replica', x, y });
  const places = placeLabels([at(100, 50), at(102, 52), at(104, 48), at(395, 50)], 12, 400);
  expect(places).toEqual([
    { anchor: 'start', dy: -8 },
    { anchor: 'end', dy: -8 },
    { anchor: 'start', dy: 13 },
    { anchor: 'end', dy: -8 },
  ]);
});
