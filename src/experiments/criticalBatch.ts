import {
  type Branch,
  type BranchedCriticalBatch,
  branchedCriticalBatch,
} from '../measure/branchedCriticalBatch.ts';
import { type LocalModel, noiseScale } from '../measure/localModel.ts';
import type { Verdict } from './verdict.ts';

/**
 * The claim (Merrill et al. 2025): the local critical batch size of a run is small at its start and rises early on.
 *
 * From each snapshot runs go on with batches of kB at the rate εk for a window of examples, each k with the same seeds;
 * k* is the largest k whose smoothed loss is within a tolerance of every smaller one's, and k*B the local critical batch size.
 * It is told beside B_simple and B_noise at the snapshot, which is no part of the verdict.
 *
 * The negative control takes away what the claim rests on, time: the last snapshot branches once more, in other orders of
 * examples, and the same statistic is taken from it to itself. It must find no rise; its interval is the noise of the
 * whole procedure.
 */
export interface CriticalBatchProtocol {
  /** Steps of the trunk at which it branches, ascending. */
  readonly snapshots: readonly number[];
  /** B and ε of the trunk. */
  readonly batchSize: number;
  readonly lr: number;
  readonly factors: readonly number[];
  /** Examples that every branch takes. */
  readonly window: number;
  /** Orders of examples, the replicas of a program. */
  readonly seeds: number;
  /** How much more loss still keeps up. */
  readonly tolerance: number;
  /** Examples after which a loss weighs half in the average: the largest batch, at which it is the paper's α = 0.5. */
  readonly halfLife: number;
}

/**
 * Set before it ran. An earlier protocol, B = 16 on k = 1, 2, 4, …, 64 from steps 20, 200 and 2,000 with 5 seeds, was
 * inconclusive for want of resolution: k* of 2, 4 and 4 is one step of that grid, with standard errors of log₂ k* of 0.3 to
 * 0.5, and the first stood next to the grid's lower end. Hence, at the same ε/B: half of B, so that k* may fall further and
 * still be seen; half steps in log₂ k; a first snapshot at the run's start; a shorter window, since a number that is local in
 * time is claimed; and 8 seeds. The last snapshot is after as many examples as before. Rates of 0.8 and more, from k = 32 on,
 * kept up nowhere, so that neither end of the grid should be reached.
 */
export const CRITICAL_BATCH: CriticalBatchProtocol = {
  snapshots: [1, 400, 4000],
  batchSize: 8,
  lr: 0.025,
  factors: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64],
  window: 6144,
  seeds: 8,
  tolerance: 0.01,
  halfLife: 512,
};

/**
 * The pass statistic, set before the first run: log₂ of the last critical batch size over the first. The control must stay
 * below it, by an interval that holds 0 and is open at no end.
 */
export const CRITICAL_BATCH_CRITERIA = { doublings: 1 } as const;

/** What was found at one snapshot. */
export interface SnapshotBranches {
  readonly step: number;
  readonly loss: number;
  readonly branches: readonly Branch[];
  readonly local: LocalModel;
  readonly traceCovariance: number;
}

export interface CriticalBatchSnapshot extends BranchedCriticalBatch {
  readonly step: number;
  readonly loss: number;
  readonly bSimple: number;
  readonly bNoise: number | null;
  readonly branches: readonly Branch[];
}

/** log₂ of one critical batch size over another. */
export interface Doublings {
  readonly value: number;
  /** Holds the truth with 95 % confidence; null is an open end, where a critical batch size lies beyond the grid's. */
  readonly interval: readonly [number | null, number | null];
}

export interface CriticalBatchOutcome {
  readonly snapshots: readonly CriticalBatchSnapshot[];
  /** From the first to the last. */
  readonly doublings: Doublings;
  /** The negative control: the last snapshot once more with other seeds, and its doublings from the last to that. */
  readonly control: BranchedCriticalBatch & {
    readonly branches: readonly Branch[];
    readonly doublings: Doublings;
  };
  readonly verdict: Verdict;
}

/**
 * Judges the snapshots. The claim passes where the critical batch size at least doubles from the first to the last, by an
 * interval that excludes no change; it fails where the interval excludes a doubling; otherwise, and where the control finds
 * a change without time, it is inconclusive. What lies beyond the grid bounds on one side only.
 * @param control the last snapshot's branches with other seeds
 */
export function judgeCriticalBatch(
  found: readonly SnapshotBranches[],
  control: readonly Branch[],
  { batchSize, tolerance }: Pick<CriticalBatchProtocol, 'batchSize' | 'tolerance'>,
  seed: number,
  criteria = CRITICAL_BATCH_CRITERIA,
): CriticalBatchOutcome {
  const snapshots = found.map(
    ({ step, loss, branches, local, traceCovariance }, i): CriticalBatchSnapshot => ({
      step,
      loss,
      ...branchedCriticalBatch(branches, { batchSize, tolerance, seed: seed + i }),
      bSimple: traceCovariance / local.gradNormSq,
      bNoise: noiseScale(local),
      branches,
    }),
  );
  const last = snapshots.at(-1)!;
  const again = branchedCriticalBatch(control, { batchSize, tolerance, seed: seed + found.length });
  const doublings = doublingsBetween(snapshots[0]!, last);
  const still = doublingsBetween(last, again);
  return {
    snapshots,
    doublings,
    control: { ...again, doublings: still, branches: control },
    verdict: verdictOf(doublings, still, criteria.doublings),
  };
}

function doublingsBetween(from: BranchedCriticalBatch, to: BranchedCriticalBatch): Doublings {
  const value = Math.log2(to.factor / from.factor);
  const reach = 1.96 * Math.hypot(from.logFactorStderr ?? Number.NaN, to.logFactorStderr ?? Number.NaN);
  const low = from.atLeast || to.atMost ? null : value - reach;
  const high = from.atMost || to.atLeast ? null : value + reach;
  return { value, interval: [low, high] };
}

function verdictOf({ value, interval: [low, high] }: Doublings, still: Doublings, least: number): Verdict {
  const [below, above] = still.interval;
  const controlled = still.value < least && below !== null && below <= 0 && above !== null && above >= 0;
  if (!controlled) return 'inconclusive';
  if (value >= least && low !== null && low > 0) return 'pass';
  return high !== null && high < least ? 'fail' : 'inconclusive';
}
