import type { Gpu } from '../gpu/device.ts';
import type { FinishedParts } from '../host/finishedParts.ts';
import type { FoundBy } from '../measure/measurement.ts';
import { type Measurements, measureInRounds } from '../measure/measureOver.ts';
import type { Point } from '../measure/pass.ts';
import type { JobEvent } from './jobEvent.ts';

/**
 * Measures at a point within a job.
 * @param tell what the job tells after each round, counted from 1
 * @param finished rounds that need not be measured again
 */
export async function* measureRounds<M extends Measurements>(
  gpu: Gpu,
  point: Point,
  measurements: M,
  tell: (round: number) => readonly JobEvent[],
  finished?: FinishedParts,
): AsyncGenerator<JobEvent, FoundBy<M>, void> {
  const rounds = measureInRounds(gpu, point, measurements, finished);
  try {
    for (;;) {
      const next = await rounds.next();
      if (next.done) return next.value;
      yield* tell(next.value);
    }
  } finally {
    // A job that is stopped is left at a yield.
    await rounds.return(undefined as never);
  }
}
