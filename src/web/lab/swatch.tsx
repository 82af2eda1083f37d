import { curveStyle } from './chartOptions.ts';

/** A short piece of a group's curve. */
export function Swatch({ group }: { group: number }) {
  const { colour, dash } = curveStyle(group);
  return (
    <svg class="swatch" width="18" height="8" viewBox="0 0 18 8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="18"
        y2="4"
        style={{ stroke: colour }}
        stroke-width="3"
        stroke-dasharray={dash.join(' ')}
      />
    </svg>
  );
}
