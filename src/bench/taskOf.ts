import { type BenchTask, benchTask } from './benchCase.ts';
import { SWEEP_CASES, type SweepTask, sweepTask } from './sweep/sweepCase.ts';

/** What an implementation can be given to do. */
export type AnyTask = BenchTask | SweepTask;

/**
 * A case of any bench with its inputs; the same bits on each call.
 * @throws if no case has that key
 */
export function taskOf(key: string): AnyTask {
  return SWEEP_CASES.some((each) => each.key === key) ? sweepTask(key) : benchTask(key);
}
