import { crossing } from '../../../measure/statistics/branchedCriticalBatch.ts';
import type { BranchEvidence, BranchLosses } from './study.ts';

/** How the branches' rate goes with their batch. */
export type RateRule = 'tuned' | 'proportional';

/** The mean over some draws of the loss at the end of a window, at the best rate where it is tuned; infinite where a branch diverged. */
export function endOf(branch: BranchLosses, rule: RateRule, draws: readonly number[]): number {
  const ends = (rule === 'tuned' ? branch.tuned : [branch.proportional]).map((byDraw) =>
    meanOf(byDraw, draws),
  );
  return Math.min(...ends);
}

function meanOf(ends: readonly (number | null)[], draws: readonly number[]): number {
  return draws.reduce((sum, draw) => sum + (ends[draw] ?? Number.POSITIVE_INFINITY), 0) / draws.length;
}

/** Whether a branch's best rate lies at an end of the grid: then a better one may lie beyond. */
function isCensored({ tuned }: BranchLosses, draws: readonly number[]): boolean {
  const ends = tuned.map((byDraw) => meanOf(byDraw, draws));
  const best = ends.indexOf(Math.min(...ends));
  return best === 0 || best === ends.length - 1;
}

/**
 * log₂ of the factor k up to which larger batches keep up: whose progress over the window is within a share of the most that any smaller
 * one makes (a tolerance relative to progress), interpolated between the grid's. null where none makes progress, all keep up, or the
 * best rate of one that decides lies at an end of the grid.
 * @param draws whose mean is taken; all by default
 */
export function keepingUp(
  { loss, branches }: Pick<BranchEvidence, 'loss' | 'branches'>,
  rule: RateRule,
  tolerance: number,
  draws?: readonly number[],
): number | null {
  if (branches.length < 2) return null;
  const taken = draws ?? branches[0]!.proportional.map((_, draw) => draw);
  const progress = branches.map((branch) => loss - endOf(branch, rule, taken));
  const most = Math.max(...progress);
  if (!(most > 0)) return null;
  const relative = branches.map(({ factor }, i) => ({ factor, loss: -progress[i]! / most }));
  const at = crossing(relative, tolerance);
  if (at >= Math.log2(branches.at(-1)!.factor)) return null;
  // Those up to the first that does not keep up say where that is; larger ones lie further behind still.
  const next = branches.findIndex(({ factor }) => Math.log2(factor) > at);
  const deciding = branches.slice(0, next + 1);
  return rule === 'tuned' && deciding.some((branch) => isCensored(branch, taken)) ? null : at;
}
