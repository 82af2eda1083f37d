import type { Recording } from './recording.ts';
import type { SeriesTable } from './seriesTable.ts';

/** What the charts go over: all of them the same. */
export const X_UNITS = ['steps', 'epochs', 'examples', 'seconds'] as const;
export type XUnit = (typeof X_UNITS)[number];

/** Whether a run's steps can be told in a unit: epochs where it is known how many examples there are. */
export function hasUnit(unit: XUnit, recording: Recording | undefined): boolean {
  return unit !== 'epochs' || recording?.planned !== undefined;
}

/** Where the rows of a table lie, ascending. */
export function xValues(unit: XUnit, recording: Recording, { steps, seconds }: SeriesTable): number[] {
  if (unit === 'steps') return [...steps];
  if (unit !== 'seconds') return steps.map((step) => xOfStep(unit, recording, step));
  // What an evaluation took may lie between two readings.
  let latest = 0;
  return seconds.map((at) => {
    latest = Math.max(latest, at);
    return latest;
  });
}

/** Where a step lies, but for seconds, of which a table knows. */
export function xOfStep(unit: Exclude<XUnit, 'seconds'>, recording: Recording, step: number): number {
  if (unit === 'steps') return step;
  const examples = recording.examplesBy(step);
  return unit === 'examples' ? examples : examples / recording.planned!.examples;
}

/** The end of the run so far. */
export function lastX(unit: XUnit, recording: Recording): number {
  if (unit === 'seconds') return recording.lastSeconds;
  return xOfStep(unit, recording, recording.lastStep);
}

/** Where a step lies, or nearly: in seconds where the first row at or after it does. */
export function markX(unit: XUnit, recording: Recording, step: number): number {
  if (unit !== 'seconds') return xOfStep(unit, recording, step);
  const { steps, seconds } = recording.rows;
  const row = steps.findIndex((each) => each >= step);
  return row < 0 ? recording.lastSeconds : seconds[row]!;
}
