import type { Instrument } from '../measure/instrument.ts';

/**
 * Which instruments of a run are due at none of its steps, since all of those that they name lie beyond it: their readings are empty.
 * @returns undefined where there are none
 */
export function neverDueWarning(instruments: readonly Instrument[], steps: number): string | undefined {
  const never = instruments.filter(
    ({ schedule }) => 'at' in schedule && schedule.at.every((step) => step > steps),
  );
  if (never.length === 0) return undefined;
  const types = never.map(({ type }) => type).join(', ');
  return `${types}: measured at no step, since all of "at" are beyond the ${steps} steps of the run`;
}
