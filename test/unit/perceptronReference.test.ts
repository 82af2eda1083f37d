import { expect, test } from 'vitest';
import { transposed } from '../../src/bench/basinPerceptron.ts';
import { mlpTask, STEPS } from '../../src/bench/benchCase.ts';
import { ORDERED, SWEEP_CASES, sweepTask } from '../../src/bench/sweep/sweepCase.ts';
import { mlpTrainingLoss } from '../../src/reference/mlp.ts';
import { perceptronLosses } from '../../src/reference/perceptron.ts';

test('the reference of sweeps is that of the training step, where both compute the same', () => {
  const task = mlpTask('mlpStep', 8);
  const { batch, inputs, hidden, classes, x, labels, rate, w1, b1, w2, b2 } = task;
  const found = perceptronLosses(
    {
      widths: [inputs, hidden, classes],
      batch,
      momentum: 0,
      replicas: 1,
      x,
      labels,
      rates: [rate],
      order: Array.from({ length: STEPS * batch }, (_, i) => i % batch),
      weights: [transposed(w1, inputs, hidden), transposed(w2, hidden, classes)],
      biases: [b1, b2],
    },
    0,
    STEPS,
  );
  expect(found.at(-1)).toBeCloseTo(mlpTrainingLoss(task, STEPS), 12);
});

test('momentum carries the first step on: where the gradient hardly changes, the second moves 1 + m as far', () => {
  const task = sweepTask('sweep 196-32-10 B=32 momentum R=1');
  const order = [...task.order.subarray(0, 32), ...task.order.subarray(0, 32), ...task.order.subarray(0, 32)];
  const losses = perceptronLosses({ ...task, order, rates: [1e-7] }, 0, 3);
  expect((losses[1]! - losses[2]!) / (losses[0]! - losses[1]!)).toBeCloseTo(1.9, 3);
});

test('runs of a sweep differ in rate, weights and order, and a sweep of fewer has the first of them', () => {
  const [one, four] = ['R=1', 'R=4'].map((r) => sweepTask(`sweep 20-64-64-10 B=8 ${r}`));
  expect(four!.order).toHaveLength(ORDERED * 4 * 8);
  expect(four!.order.slice(0, 8)).toEqual(one!.order.slice(0, 8));
  expect(four!.order.slice(8, 16)).not.toEqual(four!.order.slice(0, 8));
  expect(four!.weights[1]!.slice(0, 64 * 64)).toEqual(one!.weights[1]);
  expect(four!.weights[1]!.slice(64 * 64, 2 * 64 * 64)).not.toEqual(one!.weights[1]);
  expect(new Set(four!.rates).size).toBe(4);
});

test('every sweep has a name of its own; an unknown one is refused', () => {
  expect(new Set(SWEEP_CASES.map(({ key }) => key)).size).toBe(SWEEP_CASES.length);
  expect(() => sweepTask('sweep 1-1')).toThrow('no sweep is called sweep 1-1');
});
