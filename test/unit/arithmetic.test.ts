import { expect, test } from 'vitest';
import { arithmetic } from '../../src/bench/curvature/arithmetic.ts';
import { CURVATURE_MODELS } from '../../src/bench/curvature/curvatureModels.ts';

test('the perceptron: two gradients a Hessian product, one a further vector', () => {
  const [{ model, inputShape }] = CURVATURE_MODELS as [(typeof CURVATURE_MODELS)[number]];
  const counted = arithmetic(model, inputShape);
  // 784·128 = 100,352 of the first layer, 1,280 of the second.
  expect(counted).toEqual({
    forward: 100_352 + 1280,
    gradient: 2 * 100_352 + 3 * 1280,
    further: 2 * 100_352 + 6 * 1280,
    product: 4 * 100_352 + 9 * 1280,
    productAlone: 3 * 100_352 + 8 * 1280,
  });
  expect(counted.product / counted.gradient).toBeCloseTo(2, 1);
  expect(counted.further / counted.gradient).toBeCloseTo(1, 1);
});

test('a convolution counts every position of its output', () => {
  const model = CURVATURE_MODELS[1]!;
  const first = 14 * 14 * 8 * 25;
  const rest = 7 * 7 * 24 * 8 * 25 + 1176 * 10;
  const counted = arithmetic(model.model, model.inputShape);
  expect(counted.gradient).toBe(2 * first + 3 * rest);
  expect(counted.further).toBe(2 * first + 6 * rest);
});
