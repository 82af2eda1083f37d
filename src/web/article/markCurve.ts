import type { Panel } from '../../experiments/figure.ts';

/** The chart with the curves of a name in front of the others, where it has some. @param part of their names; '' for none */
export function markCurve(panel: Panel, part: string): Panel {
  if (part === '' || !panel.marks.some(({ name }) => name.includes(part))) return panel;
  return {
    ...panel,
    marks: panel.marks.map((mark) => {
      if (mark.mark === 'band') return mark;
      return { ...mark, look: { ...mark.look, faint: !mark.name.includes(part) } };
    }),
  };
}
