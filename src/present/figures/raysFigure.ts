import type { Figure, FigureMark, Panel } from '../../experiments/figure.ts';
import type { LinePoint, RaysResult } from '../../measure/landscape/landscapeResult.ts';
import { ACCURACY, lossAxis, SETS } from './landscapeAxes.ts';

type Values = (point: LinePoint) => number | null;

/** The loss along every ray, with the median and the quartiles of them, training and test side by side; accuracy likewise, where there are classes. */
export function raysFigure({ rays, filterNormalised, radius }: RaysResult): Figure {
  const points = rays.flatMap((ray) => ray.points);
  const losses = points.flatMap((point) => SETS.map(({ loss }) => loss(point)));
  const panel = (title: string, y: Panel['y'], of: Values): Panel[] =>
    points.some((point) => of(point) !== null)
      ? [{ title, x: { label, range: [0, radius] }, y, marks: bundle(rays, of) }]
      : [];
  const label = filterNormalised ? 't (1: as large as the weights, by filter)' : 'distance t (units of θ)';
  return {
    caption: `${rays.length} random ${filterNormalised ? 'filter-normalised ' : ''}${rays.length === 1 ? 'ray' : 'rays'} from one solution`,
    panels: [
      ...SETS.flatMap(({ name, loss }) => panel(`${titled(name)} loss`, lossAxis(losses), loss)),
      ...SETS.flatMap(({ name, accuracy }) =>
        panel(`${titled(name)} accuracy`, ACCURACY, (point) => {
          const share = accuracy(point);
          return share === null ? null : 100 * share;
        }),
      ),
    ],
  };
}

/** Rays, and the quartiles and the median over them at each t where all have a value. */
function bundle(rays: RaysResult['rays'], of: Values): FigureMark[] {
  const steps = rays[0]!.points.map(({ t }, i) => ({
    t,
    sorted: rays
      .map(({ points }) => of(points[i]!))
      .filter((value) => value !== null)
      .sort((a, b) => a - b),
  }));
  const whole = steps.filter(({ sorted }) => sorted.length === rays.length);
  const at = (share: number, sorted: readonly number[]): number => quantile(sorted, share);
  const each = rays.map(
    ({ points }): FigureMark => ({
      mark: 'line',
      name: 'each ray',
      points: points.map((point) => ({ x: point.t, y: of(point) })),
      look: { colour: 7, faint: true },
    }),
  );
  if (rays.length === 1) return each;
  return [
    {
      mark: 'area',
      name: 'quartiles',
      points: whole.map(({ t, sorted }) => ({ x: t, range: [at(0.25, sorted), at(0.75, sorted)] as const })),
      look: { colour: 0 },
    },
    ...each,
    {
      mark: 'line',
      name: 'median',
      points: steps.map(({ t, sorted }) => ({
        x: t,
        y: sorted.length === rays.length ? at(0.5, sorted) : null,
      })),
      look: { colour: 0, marked: false },
    },
  ];
}

/** By linear interpolation between order statistics (Hyndman & Fan 1996, type 7), as NumPy's. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (place - Math.floor(place)) * (above - below);
}

function titled(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}
