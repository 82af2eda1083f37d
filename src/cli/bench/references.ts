import { type BenchCase, STEPS } from '../../bench/benchCase.ts';
import { CNN_STEPS } from '../../bench/cnn/cnnTask.ts';
import { type AnyTask, taskOf } from '../../bench/taskOf.ts';
import { matmul } from '../../reference/matmul.ts';
import { mlpHessianProduct, mlpSecondMoments, mlpTrainingLoss } from '../../reference/mlp.ts';
import { perceptronLosses } from '../../reference/perceptron.ts';
import { sum } from '../../reference/sum.ts';
import { cnnHessianProduct, cnnSecondMoments, cnnTrainingLoss } from './cnnReference.ts';

/** What every implementation must give, in float64, by the case's key. Takes some seconds. */
export function referenceResults(cases: readonly BenchCase[]): Map<string, Float64Array> {
  return new Map(cases.map(({ key }) => [key, reference(taskOf(key))]));
}

function reference(task: AnyTask): Float64Array {
  switch (task.kind) {
    case 'matmul':
      return matmul(task.form, task.a, task.b, task);
    case 'sum':
      return sum(task.x, { outer: 1, reduced: task.x.length, inner: 1 });
    case 'mlpStep':
      return Float64Array.of(mlpTrainingLoss(task, STEPS));
    case 'secondMoments':
      return mlpSecondMoments(task);
    case 'hvp':
      return mlpHessianProduct(task, task.v);
    case 'cnnStep':
      return Float64Array.of(cnnTrainingLoss(task, CNN_STEPS));
    case 'cnnSecondMoments':
      return cnnSecondMoments(task);
    case 'cnnHvp':
      return cnnHessianProduct(task);
    case 'cnnEvaluation':
      return Float64Array.of(cnnTrainingLoss(task, 1));
    case 'sweep':
      return Float64Array.from(task.seeds, (_, run) => perceptronLosses(task, run, task.times).at(-1)!);
  }
}

/** ‖found − wanted‖∞ / ‖wanted‖∞; infinite where the lengths differ or a number is missing. */
export function worstError(found: readonly (number | null)[], wanted: Float64Array): number {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let [worst, largest] = [0, 0];
  wanted.forEach((value, i) => {
    const error = Math.abs((found[i] ?? Number.NaN) - value);
    // A comparison with NaN is false: such an error stays.
    if (!(error <= worst)) worst = error;
    largest = Math.max(largest, Math.abs(value));
  });
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst / largest;
}
