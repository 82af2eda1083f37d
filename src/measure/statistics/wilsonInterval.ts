import type { Effect } from './interval.ts';

/**
 * A share of trials with its 95 % score interval (Wilson 1927), which covers for few trials and for shares of 0 and 1 too.
 * @throws RangeError for no trials
 */
export function wilsonInterval(hits: number, trials: number): Effect {
  if (!(trials > 0)) throw new RangeError(`${trials} trials, expected one or more`);
  const z = 1.959964;
  const share = hits / trials;
  const middle = (share + z ** 2 / (2 * trials)) / (1 + z ** 2 / trials);
  const reach =
    (z / (1 + z ** 2 / trials)) * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  return { value: share, interval: [Math.max(0, middle - reach), Math.min(1, middle + reach)] };
}
