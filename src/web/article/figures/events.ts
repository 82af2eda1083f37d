import type { JobEvent } from '../../../jobs/job.ts';
import type { Reading } from '../../../train/reading.ts';

export function readingsOf(events: readonly JobEvent[]): readonly Reading[] {
  return events.flatMap((event) => (event.type === 'readings' ? event.readings : []));
}

/** Points are bundled and drawn, and need no more digits than can be seen. */
export function rounded(value: number | null | undefined): number | null {
  return value === null || value === undefined || !Number.isFinite(value)
    ? null
    : Number(value.toPrecision(4));
}
