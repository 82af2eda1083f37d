import type { Interval } from '../measure/statistics/interval.ts';
import type { FoundRate } from './lrSearch.ts';

/** What was changed of a run on its way, from a step on (counted from 0) to the end. */
export type RunChange = { readonly from: number } & (RateChange | RateSearched | BatchChange | BatchSet);

/** ε in place of the schedule's. */
export interface RateChange {
  /** null for all of them. */
  readonly replica: number | null;
  readonly rate: number;
}

/** The schedule's ε times a factor, which a line search found. */
export interface RateSearched {
  readonly replica: number;
  readonly rateFactor: number;
  readonly search: FoundRate;
}

/** B in place of the schedule's, set from outside. */
export interface BatchSet {
  readonly batchSize: number;
}

/** B, and ε times a factor, as the noise scale asked for it. */
export interface BatchChange {
  readonly batchSize: number;
  readonly rateFactor: number;
  /** As computed; null for a zero denominator. */
  readonly bSimple: number | null;
  readonly bSimpleInterval: Interval;
}
