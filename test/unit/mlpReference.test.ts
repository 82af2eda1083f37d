import { expect, test } from 'vitest';
import { mlpTask } from '../../src/bench/benchCase.ts';
import { uniform } from '../../src/bench/uniform.ts';
import { mlpHessianProduct, mlpMoments } from '../../src/reference/mlp.ts';

const small = {
  batch: 5,
  inputs: 3,
  hidden: 4,
  classes: 2,
  rate: 0,
  x: uniform(15, 1, -1, 1),
  labels: [0, 1, 1, 0, 1],
  w1: uniform(12, 2, -1, 1),
  b1: uniform(4, 3, -1, 1),
  w2: uniform(8, 4, -1, 1),
  b2: uniform(2, 5, -1, 1),
};

test('moments of a batch are those of its examples alone', () => {
  const { mean, variance } = mlpMoments(small);
  const each = small.labels.map((label, n) => {
    const one = { ...small, batch: 1, x: small.x.subarray(3 * n, 3 * n + 3), labels: [label] };
    return mlpMoments(one).mean;
  });
  mean.forEach((value, i) => {
    const values = each.map((gradient) => gradient[i]!);
    const average = values.reduce((sum, v) => sum + v, 0) / 5;
    const squares = values.reduce((sum, v) => sum + (v - average) ** 2, 0) / 4;
    expect(value).toBeCloseTo(average, 14);
    expect(variance[i]).toBeCloseTo(squares, 14);
  });
});

test('the mean gradient changes along a direction as the Hessian product says', () => {
  const names = ['w1', 'b1', 'w2', 'b2'] as const;
  const v = Object.fromEntries(
    names.map((name, i) => [name, uniform(small[name].length, 10 + i, -1, 1)]),
  ) as Record<(typeof names)[number], Float32Array>;
  const step = 1e-5;
  const at = (sign: number) => {
    const moved = names.map((name) => [
      name,
      Array.from(small[name], (value, i) => value + sign * step * v[name][i]!),
    ]);
    return mlpMoments({ ...small, ...Object.fromEntries(moved) }).mean;
  };
  const [plus, minus] = [at(1), at(-1)];
  // Central differences: the third derivative times step², and rounding over step.
  mlpHessianProduct(small, v).forEach((value, i) => {
    expect(value).toBeCloseTo((plus[i]! - minus[i]!) / (2 * step), 8);
  });
});

/**
 * A ReLU whose argument float32 rounds to the other side of zero is another function: `bench task` needs inputs of which none does.
 * Partial sums of K terms of either sign are no larger than the terms' norm, and their K roundings add up as √K.
 */
test.each([64, 512])('at B = %i no unit of the task is as close to its kink as float32 rounds', (batch) => {
  const { x, w1, b1, inputs, hidden } = mlpTask('hvp', batch);
  let closest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < batch; n++) {
    for (let j = 0; j < hidden; j++) {
      let [sum, squares] = [b1[j]!, 0];
      for (let k = 0; k < inputs; k++) {
        const term = x[n * inputs + k]! * w1[k * hidden + j]!;
        sum += term;
        squares += term * term;
      }
      closest = Math.min(closest, Math.abs(sum) / (2 ** -24 * Math.sqrt(inputs * squares)));
    }
  }
  // Of 8,192 and 65,536 roundings five standard deviations are passed by none.
  expect(closest).toBeGreaterThan(5);
});
