import type { Axis, Figure, FigureMark } from '../../experiments/figure.ts';
import type { LinePoint, LineResult } from '../../measure/landscape/landscapeResult.ts';
import { ACCURACY, lossAxis, SETS } from './landscapeAxes.ts';

/** Loss at the left axis and accuracy at the right one along a line, of the training set solid, of the test set dashed (Keskar et al. 2017, figure 3). */
export function lineFigure({ points, curved }: LineResult): Figure {
  const x: Axis = {
    label: 't (0: the first weights, 1: the second)',
    range: [points[0]!.t, points.at(-1)!.t],
  };
  const curve = (name: string, of: (point: LinePoint) => number | null, colour: number, dashed: boolean) => ({
    mark: 'line' as const,
    name,
    points: points.map((point) => ({ x: point.t, y: of(point) })),
    look: { colour, dashed, marked: colour === 1 },
    right: colour === 1,
  });
  const all: FigureMark[] = [
    ...SETS.map(({ name, loss }, i) => curve(`${name} loss`, loss, 0, i === 1)),
    ...SETS.map(({ name, accuracy }, i) =>
      curve(`${name} accuracy`, (point) => percent(accuracy(point)), 1, i === 1),
    ),
  ];
  const marks = all.filter((mark) => mark.mark === 'line' && mark.points.some(({ y }) => y !== null));
  const hasClasses = marks.some((mark) => mark.mark === 'line' && mark.right);
  const losses = points.flatMap((point) => SETS.map(({ loss }) => loss(point)));
  return {
    caption: `Loss${hasClasses ? ' and accuracy' : ''} along the ${curved ? 'curve' : 'line'} between two solutions`,
    panels: [
      {
        title: curved ? 'θ(t) = cos(tπ/2)·first + sin(tπ/2)·second' : 'θ(t) = (1 − t)·first + t·second',
        x,
        y: lossAxis(losses),
        ...(hasClasses ? { right: ACCURACY } : {}),
        marks,
      },
    ],
  };
}

function percent(share: number | null): number | null {
  return share === null ? null : 100 * share;
}
