import type { Figure, FigureMark } from '../../experiments/figure.ts';

/** An eigenvalue, and how far Hv is from λv. */
interface Eigenpair {
  readonly value: number;
  readonly residual: number;
}

/**
 * Eigenvalues by their rank from the end that they are of, with whiskers of their residuals: an eigenvalue lies within ±|Hv − λv| of the number.
 * @param operator whose they are
 */
export function eigenvaluesFigure(
  ends: {
    readonly largest?: readonly Eigenpair[] | undefined;
    readonly smallest?: readonly Eigenpair[] | undefined;
  },
  operator = 'Hessian',
): Figure {
  const marks = (['largest', 'smallest'] as const).flatMap((name): FigureMark[] => {
    const pairs = ends[name];
    if (!pairs) return [];
    const points = pairs.map(({ value, residual }, i) => ({
      x: i + 1,
      y: value,
      interval: [value - residual, value + residual] as const,
    }));
    return [{ mark: 'dots', name, points }];
  });
  const most = Math.max(1, ...marks.map((mark) => ('points' in mark ? mark.points.length : 0)));
  return {
    caption: `Eigenvalues of the ${operator}`,
    panels: [
      {
        title:
          marks.length > 1
            ? 'From the largest downwards, and from the smallest upwards'
            : `From the ${marks[0]?.name} on`,
        x: { label: 'rank', range: [0.5, most + 0.5] },
        y: { label: 'eigenvalue λ' },
        marks,
      },
    ],
  };
}
