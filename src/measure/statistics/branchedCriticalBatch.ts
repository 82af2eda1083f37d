import type { Interval } from './interval.ts';
import { jackknife } from './jackknife.ts';
import { studentQuantile } from './studentQuantile.ts';

/** What a snapshot's branch at one factor k came to: batches of kB, at the rate that goes with them. */
export interface Branch {
  readonly factor: number;
  /** Smoothed loss at the end of the window, a number a seed; the same seeds in all branches. */
  readonly losses: readonly number[];
}

/** The local critical batch size at a snapshot, k*·B. */
export interface BranchedCriticalBatch {
  /** The largest factor of the grid that keeps up, and its batch. */
  readonly factor: number;
  readonly batchSize: number;
  /** log₂ of the factor at which the loss is the tolerance above that of smaller ones, between the grid's. */
  readonly logFactor: number;
  /** Over the seeds, by the jackknife; null for a single seed. */
  readonly logFactorStderr: number | null;
  /**
   * Holds the truth with 95 % confidence; null for a single seed. An end is null where it is open: the grid's own end lies
   * within.
   */
  readonly logFactorInterval: Interval | null;
  /** Even the largest factor keeps up: the critical batch is that or more. */
  readonly atLeast: boolean;
  /** No factor but the least keeps up. */
  readonly atMost: boolean;
}

/**
 * An exponential average over a branch's losses in which a loss weighs half as much `halfLife` examples later, so that branches
 * of different batch sizes are smoothed over as many examples. With halfLife = kB it is the average of Merrill et al. 2025,
 * α = 0.5 a step. It starts unbiased.
 */
export function smoothedLoss(losses: readonly number[], batchSize: number, halfLife: number): number {
  const keep = 0.5 ** (batchSize / halfLife);
  let [sum, weight] = [0, 0];
  for (const loss of losses) {
    sum = keep * sum + (1 - keep) * loss;
    weight = keep * weight + (1 - keep);
  }
  return sum / weight;
}

/** k* = the largest k whose loss is at most `tolerance` above that of every smaller one (Merrill et al. 2025). */
export function largestKeepingUp(
  branches: readonly { readonly factor: number; readonly loss: number }[],
  tolerance: number,
): number {
  let [best, least] = [branches[0]!.factor, Number.POSITIVE_INFINITY];
  for (const { factor, loss } of branches) {
    if (loss <= least + tolerance) best = factor;
    if (loss < least) least = loss;
  }
  return best;
}

/**
 * log₂ of the factor at which the loss passes what keeps up: `tolerance` above the least of the losses up to it, interpolated
 * linearly in log₂ k after the last factor that keeps up. A branch that diverged passes it at the factor before.
 */
export function crossing(
  branches: readonly { readonly factor: number; readonly loss: number }[],
  tolerance: number,
): number {
  let least = Number.POSITIVE_INFINITY;
  const excess = branches.map(({ loss }) => {
    least = Math.min(least, loss);
    return loss - least;
  });
  const last = excess.findLastIndex((above) => above <= tolerance);
  const at = Math.log2(branches[last]!.factor);
  if (last === branches.length - 1) return at;
  const share = (tolerance - excess[last]!) / (excess[last + 1]! - excess[last]!);
  return at + share * (Math.log2(branches[last + 1]!.factor) - at);
}

/**
 * The critical batch size of branches from one snapshot: k* of the losses' means over the seeds, which go together over
 * the branches. The largest factor that keeps up is a step of the grid, and alike in most resamples of few seeds; the error is
 * of the interpolated crossing, by the jackknife over the seeds, and the interval Student's. A branch that diverged, with a loss
 * that is no finite number, never keeps up; where it comes next the interval reaches to it, since nothing tells where between the
 * two the crossing is.
 * @param branches with factors ascending
 * @throws RangeError where there is no branch, or branches differ in their seeds
 */
export function branchedCriticalBatch(
  branches: readonly Branch[],
  { batchSize, tolerance }: { readonly batchSize: number; readonly tolerance: number },
): BranchedCriticalBatch {
  const seeds = branches[0]?.losses.length ?? 0;
  if (seeds === 0 || branches.some(({ losses }) => losses.length !== seeds)) {
    throw new RangeError(`branches of ${branches.map(({ losses }) => losses.length).join(', ')} seeds`);
  }
  const meansOf = (taken: readonly number[]) =>
    branches.map(({ factor, losses }) => {
      const loss = taken.reduce((sum, s) => sum + losses[s]!, 0) / taken.length;
      return { factor, loss: Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY };
    });
  const all = Array.from({ length: seeds }, (_, s) => s);
  const means = meansOf(all);
  const factor = largestKeepingUp(means, tolerance);
  const logFactor = crossing(means, tolerance);
  const stderr =
    seeds > 1
      ? jackknife(all.map((out) => crossing(meansOf(all.filter((s) => s !== out)), tolerance)))
      : null;
  return {
    factor,
    batchSize: factor * batchSize,
    logFactor,
    logFactorStderr: stderr,
    logFactorInterval: stderr === null ? null : intervalOf(means, logFactor, stderr, seeds),
    atLeast: factor === branches.at(-1)!.factor,
    atMost: factor === branches[0]!.factor,
  };
}

function intervalOf(
  means: readonly { readonly factor: number; readonly loss: number }[],
  logFactor: number,
  stderr: number,
  seeds: number,
): Interval {
  const reach = studentQuantile(seeds - 1) * stderr;
  const [first, last] = [Math.log2(means[0]!.factor), Math.log2(means.at(-1)!.factor)];
  const next = means.find(({ factor }) => Math.log2(factor) > logFactor);
  const unseen = next && !Number.isFinite(next.loss) ? Math.log2(next.factor) : Number.NEGATIVE_INFINITY;
  const [low, high] = [logFactor - reach, Math.max(logFactor + reach, unseen)];
  return [low > first ? low : null, high < last ? high : null];
}
