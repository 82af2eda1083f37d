import type { RunChange } from './runChange.ts';

/** What was set of a run from outside while it went on, with the first step that it holds for, counted from 1. */
export type SetChange = { readonly step: number } & (
  | { readonly replica: number | null; readonly learningRate: number }
  | { readonly batchSize: number }
);

/** Of a run's changes those that came from outside, as a result tells them. */
export function setChanges(changes: readonly RunChange[]): SetChange[] {
  return changes.flatMap((change): SetChange[] => {
    const step = change.from + 1;
    if ('rate' in change) return [{ step, replica: change.replica, learningRate: change.rate }];
    if ('batchSize' in change && !('bSimple' in change)) return [{ step, batchSize: change.batchSize }];
    return [];
  });
}
