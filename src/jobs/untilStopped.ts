import type { RunControl } from '../host/runControl.ts';
import type { JobEvent } from './jobEvent.ts';

/**
 * Passes on what a job's work tells until it ends, or `control` stops it.
 * @returns what it found; null where it was stopped
 */
export async function* untilStopped<Step, Found>(
  work: AsyncGenerator<Step, Found, void>,
  eventOf: (step: Step) => JobEvent,
  control: RunControl | undefined,
): AsyncGenerator<JobEvent, Found | null, void> {
  try {
    for (;;) {
      const next = await work.next();
      if (next.done) return next.value;
      yield eventOf(next.value);
      await control?.whileRunning();
      if (control?.stopped) return null;
    }
  } finally {
    // Also where it is left at a yield: the work frees what it holds.
    await work.return(undefined as never);
  }
}
