import {
  type Branch,
  type BranchedCriticalBatch,
  branchedCriticalBatch,
} from '../measure/branchedCriticalBatch.ts';
import { type LocalModel, noiseScale } from '../measure/localModel.ts';
import type { Effect, Verdict } from './verdict.ts';

/**
 * The claim (Merrill et al. 2025): the local critical batch size of a run is small at its start and rises early on.
 *
 * From each snapshot runs go on with batches of kB at the rate εk for a window of examples, each k with the same seeds;
 * k* is the largest k whose smoothed loss is within a tolerance of every smaller one's, and k*B the local critical batch size.
 * It is told beside B_simple and B_noise at the snapshot, which is no part of the verdict.
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

export const CRITICAL_BATCH: CriticalBatchProtocol = {
  snapshots: [20, 200, 2000],
  batchSize: 16,
  lr: 0.05,
  factors: [1, 2, 4, 8, 16, 32, 64],
  window: 8192,
  seeds: 5,
  tolerance: 0.01,
  halfLife: 1024,
};

/** The pass statistic, set before the first run: log₂ of the last critical batch size over the first. */
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

export interface CriticalBatchOutcome {
  readonly snapshots: readonly CriticalBatchSnapshot[];
  /** log₂ of the last critical batch size over the first. */
  readonly doublings: Effect;
  /**
   * The negative control: branches of the last snapshot whose rate does not go with k. They take fewer steps of the same
   * length, so that the large ones fall behind; it must find less than the branches whose rate does.
   */
  readonly control: BranchedCriticalBatch & { readonly branches: readonly Branch[] };
  readonly verdict: Verdict;
}

/**
 * Judges the snapshots. The claim passes where the critical batch size at least doubles from the first to the last, by an
 * interval that excludes no change, and the control finds less than the last snapshot; it fails where the interval excludes
 * a doubling; otherwise it is inconclusive.
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
  const [first, last] = [snapshots[0]!, snapshots.at(-1)!];
  const value = Math.log2(last.factor / first.factor);
  const reach = 1.96 * Math.hypot(first.logFactorStderr ?? Number.NaN, last.logFactorStderr ?? Number.NaN);
  const doublings: Effect = { value, interval: [value - reach, value + reach] };
  const controlled = {
    ...branchedCriticalBatch(control, { batchSize, tolerance, seed: seed + found.length }),
    branches: control,
  };
  const rises = value >= criteria.doublings && doublings.interval[0] > 0;
  let verdict: Verdict = 'inconclusive';
  if (rises && controlled.factor < last.factor) verdict = 'pass';
  else if (doublings.interval[1] < criteria.doublings) verdict = 'fail';
  return { snapshots, doublings, control: controlled, verdict };
}
