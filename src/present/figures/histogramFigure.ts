import type { Figure } from '../../experiments/figure.ts';
import type { NamedHistogram } from '../../measure/gradient/histogram.ts';

/** Counts of the elements of single examples' gradients, a curve a parameter, on a logarithmic axis: normal ones are parabolas, heavy tails are not. */
export function histogramFigure({ range: [from, to], bins, layers }: NamedHistogram): Figure {
  const width = (to - from) / bins;
  const centre = (bin: number): number => from + (bin + 0.5) * width;
  return {
    caption: 'Elements of the single examples’ gradients, by parameter',
    panels: [
      {
        title: 'What lies outside counts in the first and the last bin',
        x: { label: 'element of gₙ', range: [from, to] },
        y: { label: 'count', log: true },
        marks: Object.entries(layers).map(([name, counts]) => ({
          mark: 'line' as const,
          name,
          points: counts.map((count, bin) => ({ x: centre(bin), y: count > 0 ? count : null })),
          look: { marked: false },
        })),
      },
    ],
  };
}
