import {
  type Branch,
  type BranchedCriticalBatch,
  branchedCriticalBatch,
} from '../../measure/statistics/branchedCriticalBatch.ts';
import type { Effect } from '../../measure/statistics/interval.ts';
import { type LocalModel, noiseScale } from '../../measure/statistics/localModel.ts';
import type { CriticalBatchProtocol } from './protocol.ts';

/** What was found at one snapshot. */
export interface SnapshotBranches {
  readonly step: number;
  readonly loss: number;
  readonly branches: readonly Branch[];
  readonly local: LocalModel;
  /** null where it is no number. */
  readonly bNoiseProbeStderr: number | null;
  readonly traceCovariance: number;
}

export interface CriticalBatchSnapshot extends BranchedCriticalBatch {
  readonly step: number;
  readonly loss: number;
  readonly bSimple: number;
  readonly bNoise: number | null;
  /** Of the probes behind tr(HΣ); which examples were measured on is not in it. */
  readonly bNoiseProbeStderr: number | null;
  readonly branches: readonly Branch[];
}

export interface CriticalBatchOutcome {
  readonly snapshots: readonly CriticalBatchSnapshot[];
  /** From the first to the last: log₂ of one critical batch size over the other, open where one of them lies beyond the grid's. */
  readonly doublings: Effect;
  /** The negative control: the last snapshot once more with other seeds, and its doublings from the last to that. */
  readonly control: BranchedCriticalBatch & {
    readonly branches: readonly Branch[];
    readonly doublings: Effect;
  };
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
  };
}

/**
 * The difference of two estimates, with the interval that their own make (Zou & Donner 2008: each end lies as far off as the
 * estimates' nearer ends, squares added). Open where one of those is.
 */
export function doublingsBetween(from: BranchedCriticalBatch, to: BranchedCriticalBatch): Effect {
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
