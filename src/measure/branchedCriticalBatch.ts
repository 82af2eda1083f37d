import { resamples, spread } from './bootstrap.ts';

/** What a snapshot's branch at one factor k came to: batches of kB, at the rate that goes with them. */
export interface Branch {
  readonly factor: number;
  /** Smoothed loss at the end of the window, a number a seed; the same seeds in all branches. */
  readonly losses: readonly number[];
}

/** The local critical batch size at a snapshot, k*·B. */
export interface BranchedCriticalBatch {
  readonly factor: number;
  readonly batchSize: number;
  /** Standard error of log₂ k*, over resampled seeds; null for a single seed. */
  readonly logFactorStderr: number | null;
  /** Even the largest factor keeps up: the critical batch is that or more. */
  readonly atLeast: boolean;
  /** No factor but the least keeps up: the critical batch is less than the second, how much less is not seen. */
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

/** Times the seeds are drawn again. */
const RESAMPLES = 400;

/**
 * The critical batch size of branches from one snapshot: k* of the losses' means over the seeds, which go together over
 * the branches. A branch that diverged, with a loss that is no finite number, never keeps up.
 * @param branches with factors ascending
 * @throws RangeError where there is no branch, or branches differ in their seeds
 */
export function branchedCriticalBatch(
  branches: readonly Branch[],
  {
    batchSize,
    tolerance,
    seed,
  }: { readonly batchSize: number; readonly tolerance: number; readonly seed: number },
): BranchedCriticalBatch {
  const seeds = branches[0]?.losses.length ?? 0;
  if (seeds === 0 || branches.some(({ losses }) => losses.length !== seeds)) {
    throw new RangeError(`branches of ${branches.map(({ losses }) => losses.length).join(', ')} seeds`);
  }
  const factorOf = (positions: readonly number[]): number =>
    largestKeepingUp(
      branches.map(({ factor, losses }) => {
        const loss = positions.reduce((sum, s) => sum + losses[s]!, 0) / positions.length;
        return { factor, loss: Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY };
      }),
      tolerance,
    );
  const factor = factorOf(Array.from({ length: seeds }, (_, s) => s));
  const again =
    seeds > 1 ? [...resamples(seeds, RESAMPLES, seed)].map((draw) => Math.log2(factorOf(draw))) : null;
  return {
    factor,
    batchSize: factor * batchSize,
    logFactorStderr: again && spread(again),
    atLeast: factor === branches.at(-1)!.factor,
    atMost: factor === branches[0]!.factor,
  };
}
