import type { Axis } from '../../experiments/figure.ts';
import type { PointValues } from '../../measure/landscape/landscapeResult.ts';

/** Of which set a value is, as a figure calls it. */
export const SETS = [
  {
    name: 'training',
    loss: ({ loss }: PointValues) => loss,
    accuracy: ({ accuracy }: PointValues) => accuracy,
  },
  {
    name: 'test',
    loss: ({ testLoss }: PointValues) => testLoss,
    accuracy: ({ testAccuracy }: PointValues) => testAccuracy,
  },
] as const;

export const ACCURACY: Axis = { label: 'accuracy (%)', range: [0, 100] };

/** From how many times the least loss the greatest is on, what is small would lie flat on the axis. */
const WIDE = 1000;

/** The axis of losses: from 0, or a logarithm where they span more than a linear axis shows. */
export function lossAxis(losses: readonly (number | null)[]): Axis {
  const known = losses.filter((loss) => loss !== null);
  const least = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = known.reduce((a, b) => Math.max(a, b), 0);
  if (least > 0 && most >= WIDE * least) return { label: 'loss', log: true };
  return { label: 'loss', range: [0, 1.06 * most || 1] };
}
