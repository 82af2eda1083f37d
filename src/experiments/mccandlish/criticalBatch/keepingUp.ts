import { crossing } from '../../../measure/statistics/branchedCriticalBatch.ts';
import type { BranchEvidence, BranchLosses } from './study.ts';

/** How the branches' rate goes with their batch. */
export type RateRule = 'optimal' | 'proportional';

/** The mean over some draws of the loss at the end of a window; infinite where a branch diverged. */
function endOf(branch: BranchLosses, rule: RateRule, draws: readonly number[]): number {
  const ends = draws.map((draw) => branch[rule][draw] ?? Number.POSITIVE_INFINITY);
  return ends.reduce((sum, end) => sum + end, 0) / ends.length;
}

/**
 * log₂ of the factor k up to which larger batches keep up: whose progress over the window is within a share of the most that any smaller
 * one makes (a tolerance relative to progress), interpolated between the grid's. null where none makes progress, or all keep up.
 * @param draws whose mean is taken; all by default
 */
export function keepingUp(
  { loss, branches }: Pick<BranchEvidence, 'loss' | 'branches'>,
  rule: RateRule,
  tolerance: number,
  draws?: readonly number[],
): number | null {
  if (branches.length < 2) return null;
  const taken = draws ?? branches[0]![rule].map((_, draw) => draw);
  const progress = branches.map((branch) => loss - endOf(branch, rule, taken));
  const most = Math.max(...progress);
  if (!(most > 0)) return null;
  const relative = branches.map(({ factor }, i) => ({ factor, loss: -progress[i]! / most }));
  const at = crossing(relative, tolerance);
  return at >= Math.log2(branches.at(-1)!.factor) ? null : at;
}
