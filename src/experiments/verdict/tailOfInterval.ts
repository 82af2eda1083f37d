import type { Effect, Interval } from '../../measure/statistics/interval.ts';
import { studentQuantile } from '../../measure/statistics/studentQuantile.ts';
import { studentTail } from '../../measure/statistics/studentTail.ts';

/**
 * The larger of the one-sided p-values against a margin's ends, of an estimate with its 95 % interval of Student's distribution, also
 * where its scatter is pooled with others'.
 * @param freedom degrees of freedom of the interval
 * @param scale `log` where the interval is symmetric on the scale of the logarithm
 * @returns null for an open interval
 */
export function tailOfInterval(
  { value, interval }: Effect,
  margin: Interval,
  freedom: number,
  scale: 'linear' | 'log' = 'linear',
): number | null {
  const at = (end: number): number => (scale === 'log' ? Math.log(end) : end);
  const [low, high] = interval;
  if (low === null || high === null || !Number.isFinite(value)) return null;
  const stderr = (at(high) - at(low)) / 2 / studentQuantile(freedom);
  const tail = (distance: number): number =>
    stderr > 0 ? studentTail(distance / stderr, freedom) : distance >= 0 ? 0 : 1;
  const [least, most] = margin;
  return Math.max(
    least === null ? 0 : tail(at(value) - at(least)),
    most === null ? 0 : tail(at(most) - at(value)),
  );
}

/** Of the claim: the largest of its effects' (Berger 1982). null where one has none. */
export function largestP(statistics: readonly { readonly p?: number | undefined }[]): number | null {
  const values = statistics.map(({ p }) => p);
  return values.every((p) => p !== undefined) ? Math.max(...(values as number[])) : null;
}
