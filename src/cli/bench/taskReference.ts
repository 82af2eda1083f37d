import { mlpTask } from '../../bench/benchCase.ts';
import type { TaskPart } from '../../bench/task/taskProgram.ts';
import { mlpHessianProduct, mlpMoments } from '../../reference/mlp.ts';

/** What every program must give, in float64. */
export interface TaskReference {
  readonly parts: Readonly<Record<TaskPart, Float64Array>>;
  /** tr Σ */
  readonly trace: number;
  /** ‖error‖∞ / ‖result‖∞, and relative error of the trace, past which a result is wrong. */
  readonly tolerance: number;
}

/** Takes some seconds. */
export function taskReference(batch: number): TaskReference {
  const task = mlpTask('hvp', batch);
  const { mean, variance } = mlpMoments(task);
  return {
    parts: { gradient: mean, hessianProduct: mlpHessianProduct(task, task.v), variance },
    trace: variance.reduce((sum, value) => sum + value, 0),
    tolerance: tolerance([task.inputs, task.hidden, task.classes, batch]),
  };
}

/** How far from its standard deviation a rounding error may lie, of some hundred thousand that are looked at. */
const LARGEST_DEVIATION = 5;

/**
 * A result passes through sums of the given lengths, one after the other. Rounding errors of either sign add up, in a sum of K
 * terms, to no more than λ·√K·u of its terms' size, u = 2⁻²⁴ (Higham and Mary 2019); twice that where a tangent goes along with
 * its primal value, or a gradient is squared.
 */
function tolerance(lengths: readonly number[]): number {
  return 2 * LARGEST_DEVIATION * 2 ** -24 * lengths.reduce((sum, length) => sum + Math.sqrt(length), 0);
}
