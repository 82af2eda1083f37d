/** At which steps something is done: every n from the first on (1, 1 + n, …), at some, or k a decade. */
export type Schedule =
  | { readonly every: number }
  | { readonly at: readonly number[] }
  | { readonly log: number };

/** What is due at none of a run's steps: undefined where something is, and for a run of none. */
export function idleWarning(of: string, schedule: Schedule, steps: number): string | undefined {
  if (!('at' in schedule) || steps === 0) return undefined;
  const first = Math.min(...schedule.at);
  if (first <= steps) return undefined;
  return `${of}: reads nothing, since the first of its steps is ${first} and the run ends at ${steps}`;
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
