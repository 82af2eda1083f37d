import type { Effect } from './interval.ts';
import { studentQuantile } from './studentQuantile.ts';

/**
 * Student's intervals of several means, each over replicates of its own, whose scatter is taken to be alike: its variance is
 * pooled, with as many degrees of freedom as all groups have together. Three groups of three replicates have six, where one alone
 * has two and an interval that is 1.8 times as long.
 * @param groups equally many replicates in each, two or more
 * @returns where a value is no finite number NaN for that group's mean, and for all groups an interval that is open at both ends
 */
export function studentIntervals(groups: readonly (readonly number[])[]): Effect[] {
  const means = groups.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const squares = groups.reduce(
    (sum, values, i) => sum + values.reduce((part, value) => part + (value - means[i]!) ** 2, 0),
    0,
  );
  const replicates = groups[0]!.length;
  const freedom = groups.length * (replicates - 1);
  const reach = studentQuantile(freedom) * Math.sqrt(squares / freedom / replicates);
  const end = (at: number): number | null => (Number.isFinite(at) ? at : null);
  return means.map((value) => ({ value, interval: [end(value - reach), end(value + reach)] }));
}
