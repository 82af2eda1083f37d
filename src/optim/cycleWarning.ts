import type { Averaging } from './average.ts';
import { captures } from './captureSteps.ts';
import type { Schedule } from './schedule.ts';

/**
 * What is odd about the steps at which SWA, or SWAG, takes weights, where the rate is cyclic: Izmailov et al. 2018 (algorithm 1) take
 * them at the end of each cycle, where the rate is lowest; elsewhere the average is of weights that a large rate has just
 * moved. Under the schedule `swa` those are the steps start, start + cycle, …, counted from 1.
 * @returns undefined where all captures lie there, or the question does not arise
 */
export function cycleWarning(
  averaging: Averaging | undefined,
  schedule: Schedule,
  steps: number,
): string | undefined {
  const averages = averaging?.kind === 'swa' || averaging?.kind === 'swag';
  if (!averages || schedule.type !== 'swa' || schedule.kind !== 'cyclic') return undefined;
  const { start, cycle } = schedule;
  // Captures and cycles repeat together: what holds for so many of them holds for all.
  const last = Math.min(steps, averaging.start + averaging.every * cycle);
  let all = 0;
  let off = 0;
  for (let step = averaging.start; step <= last; step += averaging.every) {
    if (!captures(averaging, step)) continue;
    all++;
    if (step < start || (step - start) % cycle !== 0) off++;
  }
  if (off === 0) return undefined;
  return (
    `${off === all ? 'no weights' : 'not all weights'} that ${averaging.kind.toUpperCase()} averages are of a cycle's end: it takes them after steps ` +
    `${averaging.start}, ${averaging.start + averaging.every}, …, cycles of ${cycle} end after steps ${start}, ${start + cycle}, … ` +
    '(averaging.start and averaging.every, beside start and cycle of the schedule)'
  );
}
