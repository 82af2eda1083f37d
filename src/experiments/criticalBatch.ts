import {
  type Branch,
  type BranchedCriticalBatch,
  branchedCriticalBatch,
} from '../measure/statistics/branchedCriticalBatch.ts';
import { type LocalModel, noiseScale } from '../measure/statistics/localModel.ts';
import type { Verdict } from './verdict.ts';

/**
 * The claim (Merrill et al. 2025): the local critical batch size of a run is small at its start and rises early on.
 *
 * From each snapshot runs go on with batches of kB at the rate εk for a window of examples, each k with the same seeds;
 * k* is the largest k whose smoothed loss is within a tolerance of every smaller one's, and k*B the local critical batch size.
 * It is told beside B_simple and B_noise at the snapshot.
 *
 * This protocol is withdrawn: see `CRITICAL_BATCH_WITHDRAWN`. What it measures is told, without a verdict. The last snapshot
 * branches once more, in other orders of examples: the doublings from it to itself are the noise of the procedure, and cannot see
 * that the tolerance means something else at each snapshot.
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

/** Why no verdict follows from this protocol, whatever it finds. */
export const CRITICAL_BATCH_WITHDRAWN =
  'the tolerance is absolute: 0.01 of loss is 0.6 % of what the window gains at step 1 and 42 % at step 4,000, so that k* rises as the ' +
  'loss flattens; with a tolerance of 5 or 10 % of that gain the same branches fall from 128 to 16 and from 192 to 64. The control, the ' +
  'same snapshot in other orders, cannot see this; rates of 12ε and more lie beyond ε_max, so that stability was measured and not noise; and ' +
  'there is one trunk, whose orders are no replicates of it';

/** As it ran when it was withdrawn. */
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

/** What was found at one snapshot. */
export interface SnapshotBranches {
  readonly step: number;
  readonly loss: number;
  readonly branches: readonly Branch[];
  readonly local: LocalModel;
  readonly bNoiseProbeStderr: number;
  readonly traceCovariance: number;
}

export interface CriticalBatchSnapshot extends BranchedCriticalBatch {
  readonly step: number;
  readonly loss: number;
  readonly bSimple: number;
  readonly bNoise: number | null;
  /** Of the probes behind tr(HΣ); which examples were measured on is not in it. */
  readonly bNoiseProbeStderr: number;
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
  readonly reason: string;
}

/**
 * What the snapshots' branches come to. There is no verdict: the protocol is withdrawn.
 * @param control the last snapshot's branches with other seeds
 */
export function summariseCriticalBatch(
  found: readonly SnapshotBranches[],
  control: readonly Branch[],
  protocol: Pick<CriticalBatchProtocol, 'batchSize' | 'tolerance'>,
): CriticalBatchOutcome {
  const snapshots = found.map(
    ({ step, loss, branches, local, bNoiseProbeStderr, traceCovariance }): CriticalBatchSnapshot => ({
      step,
      loss,
      ...branchedCriticalBatch(branches, protocol),
      bSimple: traceCovariance / local.gradNormSq,
      bNoise: noiseScale(local),
      bNoiseProbeStderr,
      branches,
    }),
  );
  const last = snapshots.at(-1)!;
  const again = branchedCriticalBatch(control, protocol);
  return {
    snapshots,
    doublings: doublingsBetween(snapshots[0]!, last),
    control: { ...again, doublings: doublingsBetween(last, again), branches: control },
    verdict: 'withdrawn',
    reason: CRITICAL_BATCH_WITHDRAWN,
  };
}

/**
 * The difference of two estimates, with the interval that their own make (Zou & Donner 2008: each end lies as far off as the
 * estimates' nearer ends, squares added). Open where one of those is.
 */
function doublingsBetween(from: BranchedCriticalBatch, to: BranchedCriticalBatch): Doublings {
  const value = to.logFactor - from.logFactor;
  const [fromLow, fromHigh] = from.logFactorInterval ?? [null, null];
  const [toLow, toHigh] = to.logFactorInterval ?? [null, null];
  const reach = (end: number | null, other: number | null): number | null =>
    end === null || other === null ? null : Math.hypot(end, other);
  const below = reach(minus(to.logFactor, toLow), minus(fromHigh, from.logFactor));
  const above = reach(minus(toHigh, to.logFactor), minus(from.logFactor, fromLow));
  return { value, interval: [minus(value, below), above === null ? null : value + above] };
}

function minus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}
