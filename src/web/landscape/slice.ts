import type { Figure, FigureMark } from '../../experiments/figure.ts';
import type { LineResult, PlaneResult, PlaneValues } from '../../measure/landscape/landscapeResult.ts';
import { lossAxis } from '../../present/figures/landscapeAxes.ts';
import type { Place } from './planeWeights.ts';

/** A straight cut through a plane. */
export interface Slice {
  readonly from: Place;
  readonly to: Place;
}

/** Points of an interpolated slice. */
const POINTS = 101;

/** The cut that is there at first: through the first two solutions, from edge to edge of what lies between and around them. */
export function firstSlice({ x, marks }: PlaneResult): Slice {
  const y = marks['1']!.y;
  return { from: [x[0]!, y], to: [x.at(-1)!, y] };
}

/** The slice within the plane, whatever was asked for. */
export function within({ x, y }: PlaneResult, { from, to }: Slice): Slice {
  const clamp = (value: number, ends: readonly number[]): number =>
    Math.min(ends.at(-1)!, Math.max(ends[0]!, value));
  const inside = ([px, py]: Place): Place => [clamp(px, x), clamp(py, y)];
  return { from: inside(from), to: inside(to) };
}

export function lengthOf({ from, to }: Slice): number {
  return Math.hypot(to[0] - from[0], to[1] - from[1]);
}

/**
 * Losses along a slice, by the grid: between its points the logarithm is linear along x and along y, as the levels have it; the loss itself
 * where one of them is not positive. Null beside a point without a value.
 */
export function interpolated(
  { x, y }: Pick<PlaneResult, 'x' | 'y'>,
  values: PlaneValues,
  { from, to }: Slice,
): (number | null)[] {
  return Array.from({ length: POINTS }, (_, i) => {
    const share = i / (POINTS - 1);
    return valueAt(x, y, values, [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
  });
}

function valueAt(
  x: readonly number[],
  y: readonly number[],
  values: PlaneValues,
  [px, py]: Place,
): number | null {
  const [i, u] = cellOf(x, px);
  const [j, v] = cellOf(y, py);
  const corners = [
    [values[j]![i]!, (1 - u) * (1 - v)],
    [values[j]![i + 1]!, u * (1 - v)],
    [values[j + 1]![i]!, (1 - u) * v],
    [values[j + 1]![i + 1]!, u * v],
  ] as const;
  const used = corners.filter(([, weight]) => weight > 0);
  if (used.some(([value]) => value === null)) return null;
  const known = used as readonly (readonly [number, number])[];
  const logs = known.every(([value]) => value > 0);
  const sum = known.reduce((total, [value, weight]) => total + weight * (logs ? Math.log(value) : value), 0);
  return logs ? Math.exp(sum) : sum;
}

/** The interval of an even grid that a value lies in, and where within it, from 0 to 1. */
function cellOf(grid: readonly number[], value: number): [index: number, share: number] {
  const place = ((value - grid[0]!) / (grid.at(-1)! - grid[0]!)) * (grid.length - 1);
  const index = Math.min(grid.length - 2, Math.max(0, Math.floor(place)));
  return [index, Math.min(1, Math.max(0, place - index))];
}

/**
 * Losses along a slice: interpolated ones, and where they were computed those, as points on the same axes.
 * @param exact a line from the slice's start, t = 0, to its end, t = 1
 */
export function sliceFigure(plane: PlaneResult, slice: Slice, exact: LineResult | undefined): Figure {
  const length = lengthOf(slice);
  const sets = [
    { name: 'training loss', grid: plane.loss, of: 'loss', colour: 0 },
    { name: 'test loss', grid: plane.testLoss, of: 'testLoss', colour: 1 },
  ] as const;
  const marks = sets.flatMap(({ name, grid, of, colour }): FigureMark[] => {
    if (!grid) return [];
    const curve = interpolated(plane, grid, slice).map((y, i) => ({ x: (length * i) / (POINTS - 1), y }));
    const points = exact?.points.map((point) => ({ x: length * point.t, y: point[of] }));
    return [
      {
        mark: 'line',
        name: `${name}, interpolated`,
        points: curve,
        look: { colour, dashed: exact !== undefined, marked: false },
      },
      ...(points ? [{ mark: 'dots' as const, name: `${name}, computed`, points, look: { colour } }] : []),
    ];
  });
  const losses = marks.flatMap((mark) =>
    'points' in mark && mark.mark !== 'area' ? mark.points.map(({ y }) => y) : [],
  );
  return {
    caption: 'Along the slice',
    panels: [
      {
        title: exact ? 'Computed, and interpolated over the grid' : 'Interpolated over the grid',
        x: { label: 'distance along the slice (units of θ)', range: [0, length] },
        y: lossAxis(losses),
        marks,
      },
    ],
  };
}
