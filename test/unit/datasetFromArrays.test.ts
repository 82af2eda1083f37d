import { expect, test } from 'vitest';
import { datasetFromTensors } from '../../src/data/dataset.ts';
import { datasetFromArrays } from '../../src/data/datasetFromArrays.ts';

const x = Float32Array.of(1, 2, 3, 4, 5, 6);
const pixels = Uint8Array.from({ length: 24 }, (_, i) => i);

test('is what a file with these tensors gives', () => {
  expect(datasetFromArrays({ x, y: Int32Array.of(0, 4) })).toEqual(
    datasetFromTensors(
      'data',
      new Map([
        ['x', { dtype: 'F32', shape: [2, 3], data: x }],
        ['y', { dtype: 'I32', shape: [2], data: Int32Array.of(0, 4) }],
      ]),
    ),
  );
});

test('takes images of bytes, and targets of several numbers', () => {
  const images = datasetFromArrays({
    name: 'mine',
    x: pixels,
    y: Float64Array.of(1, 2, 3, 4),
    exampleShape: [3, 4],
  });
  expect(images).toMatchObject({ name: 'mine', examples: 2, exampleShape: [3, 4] });
  expect(images.x).toBe(pixels);
  expect(images.targets).toEqual({ kind: 'values', y: Float32Array.of(1, 2, 3, 4), width: 2 });
});

test('refuses what leaves open which number is of which example', () => {
  const labels = Uint8Array.of(0, 1, 0, 1);
  const refused = (given: object) => () => datasetFromArrays({ x, y: labels, ...given });
  expect(refused({})).toThrow('data: x: has 6 numbers, expected a multiple of the 4 labels in y');
  expect(refused({ exampleShape: [3] })).toThrow('data: y: found shape [4], expected 2 examples');
  expect(refused({ exampleShape: [4] })).toThrow('multiple of the 4 numbers of an example');
  expect(refused({ exampleShape: [3, -1] })).toThrow('exampleShape');
  expect(refused({ y: Float32Array.of(1, 2) })).toThrow(
    'data: y: holds floating-point numbers, which are targets: class indices are integers, such as Uint8Array.from(labels); ' +
      'targets need exampleShape',
  );
  // One that fails later too: the run would be told of it as of an error that nothing caught.
  expect(refused({ x: Promise.reject(new Error('later')) })).toThrow('data: x: is a Promise: await it');
  expect(refused({ x: [1, 2].map })).toThrow('data: x: is a function, expected a typed array');
  expect(refused({ y: Float32Array.of(1, 2, 3), exampleShape: [3] })).toThrow(
    'multiple of the 2 examples in x',
  );
  expect(refused({ y: [0, 1] })).toThrow('data: y: is [0,1], expected a typed array: integers');
  expect(refused({ x: [1, 2], y: Uint8Array.of(0) })).toThrow('data: x: is [1,2], expected a typed array');
  expect(refused({ x: new Float32Array(0), y: new Uint8Array(0) })).toThrow('data: x: has 0 numbers');
  expect(refused({ x: Float32Array.of(1, Number.NaN), y: Uint8Array.of(0) })).toThrow('NaN');
});
