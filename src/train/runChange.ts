import type { Interval } from '../measure/statistics/interval.ts';

/** What was changed of a run on its way, from a step on (counted from 0) to the end. */
export type RunChange = { readonly from: number } & (RateChange | BatchChange);

/** ε in place of the schedule's. */
export interface RateChange {
  /** null for all of them. */
  readonly replica: number | null;
  readonly rate: number;
}

/** B, and ε times a factor, as the noise scale asked for it. */
export interface BatchChange {
  readonly batchSize: number;
  readonly rateFactor: number;
  readonly bSimple: number;
  readonly bSimpleInterval: Interval;
}
