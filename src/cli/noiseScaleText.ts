import type { Reading } from '../jobs/job.ts';

/** A running noise scale for a line of text, with its standard error; what cannot be told from infinity says so. */
export function noiseScaleText({ bSimple, bSimpleStderr, bSimpleResolved }: Reading): string {
  if (bSimple === null || bSimple === undefined || bSimpleResolved === false) return 'is not resolved';
  const error = typeof bSimpleStderr === 'number' ? ` ± ${bSimpleStderr.toPrecision(2)}` : '';
  return `${bSimple.toPrecision(4)}${error}`;
}
