import type { Timing } from '../../bench/kernelsReport.ts';
import { formatNumber } from '../../present/formatNumber.ts';

/** A time against the last one of the same row. */
export function Change({ before, after }: { before: Timing | null; after: Timing | null }) {
  if (!before || !after) return <span class="pending">…</span>;
  const change = after.median / before.median - 1;
  const apart = Math.abs(after.median - before.median) > before.spread + after.spread;
  const sign = change < 0 ? '−' : '+';
  return (
    <span
      class={apart ? (change < 0 ? 'change faster' : 'change slower') : 'change'}
      title={`was ${formatNumber(before.median, 3)} ± ${formatNumber(before.spread, 2)} ms`}
    >
      {sign}
      {formatNumber(Math.abs(100 * change), 2)} %{' '}
      <span class="verdict">{apart ? (change < 0 ? 'faster' : 'slower') : 'within the spread'}</span>
    </span>
  );
}
