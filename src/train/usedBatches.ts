import type { Interval } from '../measure/statistics/interval.ts';
import type { FoundRate } from './lrSearch.ts';
import { shortestFloat32 } from './shortestFloat32.ts';
import type { TrainingRun } from './trainingRun.ts';

/** A batch size as a run used it. */
export interface UsedBatch {
  /** The first step of this size, counted from 1. */
  readonly step: number;
  readonly batchSize: number;
  /** ε of that step. */
  readonly learningRate: number;
  /** Whether the run began with it, its plan had it, the noise scale asked for it, or it was set from outside. */
  readonly reason: 'start' | 'schedule' | 'noise' | 'set';
  /** The running noise scale by which it was chosen, with its 95 % interval. */
  readonly bSimple?: number | null;
  readonly bSimpleInterval?: Interval;
}

/** The keys of a train.json that repeat a run's batches and rates. */
export interface BatchTable {
  readonly steps: number;
  readonly batch_schedule: readonly { readonly from_step: number; readonly batch_size: number }[];
  readonly lr_schedule: { readonly type: 'table'; readonly values: readonly number[] };
}

/** The batch sizes of a run's first so many steps, as one replica used them. */
export function usedBatches(run: TrainingRun, replica: number, steps: number): UsedBatch[] {
  const rates = run.rates(replica);
  return run.batches.entries
    .filter(({ fromStep }) => fromStep < steps)
    .map(({ fromStep, batchSize }, i): UsedBatch => {
      const used = { step: fromStep + 1, batchSize, learningRate: shortestFloat32(rates[fromStep]!) };
      const change = run.changes.find((one) => 'batchSize' in one && one.from === fromStep);
      if (!change || !('batchSize' in change)) return { ...used, reason: i === 0 ? 'start' : 'schedule' };
      if (!('bSimple' in change)) return { ...used, reason: 'set' };
      const { bSimple, bSimpleInterval } = change;
      return { ...used, reason: 'noise', bSimple, bSimpleInterval };
    });
}

/** What a replica's line search for ε found; null where there was none. */
export function foundRate(run: TrainingRun, replica: number): FoundRate | null {
  const change = run.changes.find((one) => 'search' in one && one.replica === replica);
  return change && 'search' in change ? change.search : null;
}

/** The same as a table: a run by it that measures the same has the same bits. */
export function batchTable(run: TrainingRun, replica: number, steps: number): BatchTable {
  const entries = run.batches.entries.filter(({ fromStep }) => fromStep < steps);
  return {
    steps,
    batch_schedule: entries.map(({ fromStep, batchSize }) => ({
      from_step: fromStep,
      batch_size: batchSize,
    })),
    lr_schedule: {
      type: 'table',
      values: Array.from(run.rates(replica).subarray(0, steps), shortestFloat32),
    },
  };
}
