import { centralShare } from './studentQuantile.ts';

/**
 * P(T > t) of Student's distribution: the one-sided p of a mean that lies t standard errors above what is to be excluded.
 * @param freedom degrees of freedom; a fraction is rounded down
 * @throws RangeError for fewer than one degree of freedom
 */
export function studentTail(t: number, freedom: number): number {
  if (!(freedom >= 1)) throw new RangeError(`degrees of freedom: ${freedom}, expected at least 1`);
  const n = Math.min(10_000, Math.floor(freedom));
  const beyond = (1 - centralShare(Math.atan(Math.abs(t) / Math.sqrt(n)), n)) / 2;
  const tail = Math.max(0, beyond);
  return t >= 0 ? tail : 1 - tail;
}
