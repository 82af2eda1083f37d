import type { Timing } from '../../bench/kernelsReport.ts';
import { isNoisy } from '../../bench/timing.ts';
import { formatNumber } from '../../present/formatNumber.ts';

/** Says of a time that it is not to be quoted. */
export function Noisy({ time }: { time: Timing }) {
  if (!isNoisy(time)) return null;
  return (
    <span
      class="noisy"
      title={`Not to be quoted: the rounds spread by ${formatNumber((100 * time.spread) / time.median, 2)} % of the median.`}
    >
      noisy
    </span>
  );
}
