import type { Figure, FigureMark } from '../../experiments/figure.ts';
import type { SharpnessResult } from '../../measure/sharpness/sharpnessResult.ts';

/** Keskar's φ over the box's ε, in full space and in a subspace, and to first order (dashed). */
export function sharpnessFigure({ keskar }: SharpnessResult): Figure {
  const spaces = [...new Set(keskar.map(({ subspace }) => subspace))];
  const marks = spaces.flatMap((space, colour): FigureMark[] => {
    const boxes = keskar.filter(({ subspace }) => subspace === space).sort((a, b) => a.epsilon - b.epsilon);
    const name = space === null ? 'full space' : `${space} random dimensions`;
    const curve = (name: string, of: 'phi' | 'phiFirstOrder', dashed: boolean): FigureMark => ({
      mark: 'line',
      name,
      points: boxes.map((box) => ({ x: box.epsilon, y: box[of] })),
      look: { colour, dashed, marked: true },
    });
    return [curve(name, 'phi', false), curve(`${name}, first order`, 'phiFirstOrder', true)];
  });
  return {
    caption: 'How far the loss rises within a box around the weights',
    panels: [
      {
        title: 'φ = 100 (max f − f)/(1 + f)',
        x: { label: 'ε of the box', log: true },
        y: { label: 'φ (%)', log: true },
        marks,
      },
    ],
  };
}
