import type { RooflineShare } from '../../jobs/bench/kernelsReport.ts';
import { formatNumber } from '../../jobs/formatNumber.ts';

/** A share of the roofline as a bar and a number, and the ceiling that it is of. */
export function RooflineBar({ share, bound }: RooflineShare) {
  return (
    <span class="share">
      <span class="track" aria-hidden="true">
        <span
          class={share > 1 ? 'filled beyond' : 'filled'}
          style={{ width: `${Math.min(100, 100 * share)}%` }}
        />
      </span>
      <span class="percent">{formatNumber(100 * share, share < 0.1 ? 2 : 3)} %</span>
      <span class="bound">{bound}</span>
    </span>
  );
}
