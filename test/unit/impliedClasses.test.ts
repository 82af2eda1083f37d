import { expect, test } from 'vitest';
import { type Dataset, datasetFromTensors } from '../../src/data/dataset.ts';
import { impliedClasses } from '../../src/data/impliedClasses.ts';

function labelled(...labels: number[]): Dataset {
  return datasetFromTensors(
    'd.npz',
    new Map([
      ['x', { dtype: 'F32', shape: [labels.length, 1], data: new Float32Array(labels.length) }],
      ['y', { dtype: 'I32', shape: [labels.length], data: Int32Array.from(labels) }],
    ]),
  );
}

test('as many as the labels, at least two', () => {
  expect(impliedClasses(labelled(0, 2, 1, 1))).toEqual({ classes: 3 });
  expect(impliedClasses(labelled(0, 0))).toMatchObject({
    classes: 2,
    note: expect.stringContaining('no example has label 1'),
  });
});

test("says which classes no example has: EMNIST's letters are 1 to 26", () => {
  const letters = Array.from({ length: 26 }, (_, i) => i + 1);
  expect(impliedClasses(labelled(...letters))).toEqual({
    classes: 27,
    note: 'd.npz: labels up to 26 make 27 outputs; no example has label 0',
  });
  expect(impliedClasses(labelled(9, 0)).note).toContain('no example has label 1, 2, 3, 4, 5, …');
});

test('one label does not size the model', () => {
  expect(() => impliedClasses(labelled(0, 1, 2, 2_000_000))).toThrow(
    'd.npz: y: example 3 has label 2000000, which asks for a model of 2000001 outputs, while 4 examples have 4 different labels',
  );
  expect(impliedClasses(labelled(0, 999)).classes).toBe(1000);
  expect(() => impliedClasses(labelled(0, 1000))).toThrow('asks for a model of 1001 outputs');
  // As many classes as ImageNet's larger set, half of them seen.
  const half = Array.from({ length: 10_921 }, (_, i) => 2 * i + 1);
  expect(impliedClasses(labelled(...half)).classes).toBe(21_842);
});
