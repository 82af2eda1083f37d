/** At which steps something is done: every n from the first on (1, 1 + n, …), at some, or k a decade. */
export type Schedule =
  | { readonly every: number }
  | { readonly at: readonly number[] }
  | { readonly log: number };

/** The first step at which something is due, counted from 1. */
export function firstDue(schedule: Schedule): number {
  return 'at' in schedule ? Math.min(...schedule.at) : 1;
}

/**
 * Whether something is due at a step, counted from 1. With `log: k` at the steps nearest to 10^(i/k): 1, 2, 5, 10, 22, … for
 * k = 3.
 */
export function isDue(schedule: Schedule, step: number): boolean {
  if ('every' in schedule) return (step - 1) % schedule.every === 0;
  if ('at' in schedule) return schedule.at.includes(step);
  const place = Math.round(schedule.log * Math.log10(step));
  return Math.round(10 ** (place / schedule.log)) === step;
}
