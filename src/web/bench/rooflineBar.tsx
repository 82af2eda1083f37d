import type { RooflineShare } from '../../bench/kernelsReport.ts';

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
      <span class="percent">{percent(100 * share)}</span>
      <span class="bound">{bound}</span>
    </span>
  );
}

function percent(value: number): string {
  if (value < 0.1) return '< 0.1 %';
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}
