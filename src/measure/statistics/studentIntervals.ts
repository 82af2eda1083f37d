import { studentQuantile } from './studentQuantile.ts';

/** A mean, and the interval that holds the truth with 95 % confidence. */
export interface MeanInterval {
  readonly value: number;
  readonly interval: readonly [number, number];
}

/**
 * Student's intervals of several means, each over replicates of its own, whose scatter is taken to be alike: its variance is
 * pooled, with as many degrees of freedom as all groups have together. Three groups of three replicates have six, where one alone
 * has two and an interval that is 1.8 times as long.
 * @param groups equally many replicates in each, two or more
 * @returns NaN where a value is no finite number: for that group the mean, for all of them the interval
 */
export function studentIntervals(groups: readonly (readonly number[])[]): MeanInterval[] {
  const means = groups.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const squares = groups.reduce(
    (sum, values, i) => sum + values.reduce((part, value) => part + (value - means[i]!) ** 2, 0),
    0,
  );
  const replicates = groups[0]!.length;
  const freedom = groups.length * (replicates - 1);
  const reach = studentQuantile(freedom) * Math.sqrt(squares / freedom / replicates);
  return means.map((value) => ({ value, interval: [value - reach, value + reach] }));
}
