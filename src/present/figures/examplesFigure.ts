import type { Figure, Panel } from '../../experiments/figure.ts';

/** Points of a curve over ranks: more are not seen. */
const POINTS = 200;

/** How losses and gradients spread over single examples: each ranked, from the largest, so that a few that carry all are seen at the left. */
export function examplesFigure({
  losses,
  gradNormSq,
}: {
  readonly losses: readonly number[];
  /** Null where examples have no gradients of their own. */
  readonly gradNormSq: readonly number[] | null;
}): Figure {
  const panel = (title: string, label: string, values: readonly number[]): Panel => ({
    title,
    x: { label: 'share of the examples (%)', range: [0, 100] },
    y: { label, log: true },
    marks: [{ mark: 'line', name: label, points: ranked(values), look: { marked: false } }],
  });
  return {
    caption: 'Single examples, the largest first',
    panels: [
      panel('Loss of one example', 'loss', losses),
      ...(gradNormSq ? [panel('Squared norm of one example’s gradient', '|gₙ|²', gradNormSq)] : []),
    ],
  };
}

/** From the largest to the smallest, by the share of those that are at least as large; zeros have no logarithm. */
function ranked(values: readonly number[]): { x: number; y: number }[] {
  const sorted = Float64Array.from(values).sort().reverse();
  const count = Math.min(POINTS, sorted.length);
  return Array.from({ length: count }, (_, i) => {
    const rank = count === 1 ? 0 : Math.round((i * (sorted.length - 1)) / (count - 1));
    return { x: (100 * (rank + 1)) / sorted.length, y: sorted[rank]! };
  });
}
