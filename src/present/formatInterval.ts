import type { Interval } from '../measure/statistics/interval.ts';
import { formatNumber } from './formatNumber.ts';

/**
 * An estimate with its interval for people: `236 (180 to 320)`; by the interval alone where an end of it is open: `≥ 1200`, `≤ 0.3`, `∞`
 * where no finite value fits, `not known` where any does. Without an interval, the number.
 * @param value null where there is none
 */
export function formatEstimate(
  value: number | null | undefined,
  interval: Interval | null | undefined,
): string {
  if (!interval) return formatNumber(value);
  const [low, high] = interval;
  if (low === null) return '∞';
  if (high === null) return low > 0 ? `≥ ${formatNumber(low, 3)}` : 'not known';
  if (low <= 0) return `≤ ${formatNumber(high, 3)}`;
  return `${formatNumber(value)} (${formatNumber(low, 3)} to ${formatNumber(high, 3)})`;
}

/** An interval in words: `180 to 320`, `at least 90`, `at most 3`, `may be anything` where both ends are open. */
export function formatRange([low, high]: Interval): string {
  if (low === null && high === null) return 'may be anything';
  if (high === null) return `at least ${formatNumber(low)}`;
  if (low === null) return `at most ${formatNumber(high)}`;
  return `${formatNumber(low)} to ${formatNumber(high)}`;
}
