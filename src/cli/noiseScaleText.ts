import type { Reading } from '../jobs/job.ts';

/**
 * A running noise scale for a line of text, as it is at its reading: `236 (180–320)`, by its interval alone where that is open,
 * `≥1200`; `–` where too few measurements tell nothing of it.
 */
export function noiseScaleText(
  reading: Pick<Reading, 'bSimple' | 'bSimpleInterval' | 'bSimpleResolved'> | undefined,
): string {
  const { bSimple, bSimpleInterval, bSimpleResolved } = reading ?? {};
  if (!bSimpleInterval) return '–';
  const [low, high] = bSimpleInterval;
  if (low === null) return '∞';
  if (bSimpleResolved && typeof bSimple === 'number' && high !== null) {
    return `${digits(bSimple, 3)} (${digits(low)}–${digits(high)})`;
  }
  if (high === null) return low > 0 ? `≥${digits(low)}` : 'not known';
  return `≤${digits(high)}`;
}

/** In a form that programs read as well. */
function digits(value: number, count = 2): string {
  return String(Number(value.toPrecision(count)));
}
