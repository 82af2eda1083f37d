import type { FigurePoint, Panel } from '../../figure.ts';
import type { Reading, Trajectories } from './readTrajectories.ts';

/** B_simple over the loss, a faint line a run: one colour for each group of runs. */
export function noisePanel(
  title: string,
  groups: readonly { readonly name: string; readonly runs: Trajectories }[],
  { loss, noise }: Reading,
): Panel {
  return {
    title,
    x: { label: 'loss', log: true },
    y: { label: 'B_simple, examples', log: true },
    marks: groups.flatMap(({ name, runs }, colour) =>
      runs.map(({ cell, evidence }) => ({
        mark: 'line' as const,
        name,
        look: { colour, faint: runs.length > 1 },
        points: evidence.points.map((point): FigurePoint => ({ x: loss(point), y: noise(point, cell) })),
      })),
    ),
  };
}
