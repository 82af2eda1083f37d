import { InputError } from '../../host/inputError.ts';
import { dot64 } from '../statistics/dot64.ts';
import { difference, divided, type Flat, normOf, subtractMultiple } from './flatGeometry.ts';
import type { Mark } from './landscapeResult.ts';

/** A plane of parameters with orthonormal axes, in float64. */
export interface Plane {
  readonly origin: Flat;
  /** û, along w2 − w1, and v̂, along what of w3 − w1 is orthogonal to it. */
  readonly u: Float64Array;
  readonly v: Float64Array;
  /** Where the three solutions are. */
  readonly solutions: readonly { readonly x: number; readonly y: number }[];
}

/** float32's unit roundoff. */
const ROUNDOFF = 2 ** -24;

/** Roundings that weights may have behind them beyond those of a file: an average's, say. */
const ROUNDINGS = 4;

/**
 * The plane through w1, w2 and w3 by Gram and Schmidt's process: û = (w2 − w1)/|w2 − w1|, v̂ the unit vector along
 * (w3 − w1) − ((w3 − w1)·û)û (Garipov et al. 2018).
 *
 * Solutions on one line, w3 = (1 − s)w1 + s·w2, are off it by their rounding to float32 alone: at most
 * 2⁻²⁴(|w3| + |1 − s||w1| + |s||w2|), since each number is rounded by 2⁻²⁴ of it. What is off by no more than four times that is refused.
 * @throws InputError naming the three
 */
export function planeThrough(solutions: readonly { readonly name: string; readonly values: Flat }[]): Plane {
  const [w1, w2, w3] = solutions.map(({ values }) => values) as [Flat, Flat, Flat];
  const noise = (...terms: number[]): number =>
    ROUNDINGS * ROUNDOFF * terms.reduce((sum, term) => sum + Math.abs(term), 0);
  const refuse = (found: string): InputError =>
    new InputError(
      'landscape',
      'through',
      `${solutions.map(({ name }) => name).join(', ')}: ${found}, expected three that span a plane`,
    );
  const along = difference(w2, w1);
  const length = normOf(along);
  const [n1, n2, n3] = [normOf(w1), normOf(w2), normOf(w3)];
  if (length <= noise(n1, n2)) throw refuse('the first two hold the same parameters');
  const u = divided(along, length);
  const rest = difference(w3, w1);
  const x = dot64(rest, u);
  subtractMultiple(rest, x, u);
  // A second time, so that v̂ is orthogonal to û though little is left of w3 − w1.
  subtractMultiple(rest, dot64(rest, u), u);
  const height = normOf(rest);
  const s = x / length;
  if (height <= noise(n3, (1 - s) * n1, s * n2)) {
    throw refuse(`they lie on one line: the third is ${height.toPrecision(2)} off that through the others`);
  }
  return {
    origin: w1,
    u,
    v: divided(rest, height),
    solutions: [
      { x: 0, y: 0 },
      { x: length, y: 0 },
      { x, y: height },
    ],
  };
}

/** Where other weights are: their projection onto the plane, and how far they are from it. */
export function placeInPlane({ origin, u, v }: Plane, weights: Flat): Mark {
  const rest = difference(weights, origin);
  const [x, y] = [dot64(rest, u), dot64(rest, v)];
  subtractMultiple(rest, x, u);
  subtractMultiple(rest, y, v);
  return { x, y, distance: normOf(rest) };
}
