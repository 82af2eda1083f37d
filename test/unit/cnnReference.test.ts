import { expect, test } from 'vitest';
import { cnnTask } from '../../src/bench/cnn/cnnTask.ts';
import {
  cnnGradient,
  cnnHessianProduct,
  cnnSecondMoments,
  cnnTrainingLoss,
} from '../../src/cli/bench/cnnReference.ts';

/** The task's parameters, moved along its direction. */
function movedBy(step: number, { parameters }: ReturnType<typeof cnnTask>): Float64Array[] {
  return parameters.map(({ values, direction }) =>
    Float64Array.from(values, (value, i) => value + step * direction[i]!),
  );
}

test.each([false, true])('the loss changes along a direction as its gradient says, BatchNorm %s', (norm) => {
  const task = cnnTask('cnnStep', 3, norm);
  const step = 1e-7;
  const [plus, minus] = [step, -step].map((by) => cnnGradient(task, movedBy(by, task)).loss) as [
    number,
    number,
  ];
  const { gradient } = cnnGradient(task, movedBy(0, task));
  const direction = task.parameters.flatMap((parameter) => [...parameter.direction]);
  const slope = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
  // Rounding over the step, and the curvature of what lies between.
  expect((plus - minus) / (2 * step)).toBeCloseTo(slope, 6);
});

test('the gradient changes along a direction as the Hessian product says', () => {
  const task = cnnTask('cnnHvp', 3, false);
  const step = 1e-7;
  const [plus, minus] = [step, -step].map((by) => cnnGradient(task, movedBy(by, task)).gradient) as [
    Float64Array,
    Float64Array,
  ];
  const product = cnnHessianProduct(task);
  const scale = Math.max(...product.map(Math.abs));
  product.forEach((value, i) => {
    expect((plus[i]! - minus[i]!) / (2 * step) / scale).toBeCloseTo(value / scale, 5);
  });
});

test('second moments are those of the examples alone, and steps follow the gradient', () => {
  const task = cnnTask('cnnSecondMoments', 2, false);
  const pixels = task.x.length / 2;
  const each = [0, 1].map((n) => {
    const x = task.x.subarray(n * pixels, (n + 1) * pixels);
    const one = { ...task, batch: 1, x, labels: task.labels.subarray(n, n + 1) };
    return cnnGradient(one, movedBy(0, task)).gradient;
  });
  cnnSecondMoments(task).forEach((value, i) => {
    expect(value).toBeCloseTo((each[0]![i]! ** 2 + each[1]![i]! ** 2) / 2, 14);
  });
  let at = 0;
  const start = movedBy(0, task);
  const { gradient } = cnnGradient(task, start);
  const next = start.map((values) => values.map((value) => value - task.rate * gradient[at++]!));
  expect(cnnTrainingLoss(task, 2)).toBeCloseTo(cnnGradient(task, next).loss, 14);
});
