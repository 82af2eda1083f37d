import { solveLinear } from '../../measure/statistics/solveLinear.ts';

/** A curve over ln B at one setting, whose logarithm is x. */
export interface ShiftedCurve {
  readonly x: number;
  readonly points: readonly { readonly logB: number; readonly y: number }[];
}

const RANGE = [-2, 3] as const;
const STEP = 0.1;
/** Powers of u = ln B − s·x in the common curve. */
const DEGREE = 3;

/**
 * s for which curves are one curve f(ln B − s·x), each with a height of its own: of least squares, with a polynomial of third degree
 * for f. A grid of B that is one for all curves favours no s.
 * @returns null where the best s is at an end of [−2, 3], or there are too few points to tell
 */
export function shiftOf(curves: readonly ShiftedCurve[]): number | null {
  const points = curves.reduce((sum, curve) => sum + curve.points.length, 0);
  if (curves.length < 2 || points < curves.length + DEGREE + 1) return null;
  const steps = Math.round((RANGE[1] - RANGE[0]) / STEP);
  let best = { s: RANGE[0] as number, misfit: Number.POSITIVE_INFINITY };
  const tryAt = (s: number): void => {
    const found = misfit(curves, s);
    if (found < best.misfit) best = { s, misfit: found };
  };
  for (let i = 0; i <= steps; i++) tryAt(RANGE[0] + i * STEP);
  if (best.s <= RANGE[0] || best.s >= RANGE[0] + steps * STEP) return null;
  for (let reach = STEP / 2; reach > 1e-3; reach /= 2) {
    const { s } = best;
    tryAt(s - reach);
    tryAt(s + reach);
  }
  return best.s;
}

/** Sum of squares that is left with the best polynomial and the best heights. */
function misfit(curves: readonly ShiftedCurve[], s: number): number {
  // Of u, u², u³ and y, each less its mean over the curve: products of every two.
  const size = DEGREE + 1;
  const products = new Float64Array(size ** 2);
  const [row, sums] = [new Float64Array(size), new Float64Array(size)];
  for (const { x, points } of curves) {
    sums.fill(0);
    for (const { logB, y } of points) {
      powers(row, (logB - s * x) / 2, y);
      for (let i = 0; i < size; i++) {
        sums[i]! += row[i]!;
        for (let j = 0; j <= i; j++) products[i * size + j]! += row[i]! * row[j]!;
      }
    }
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++)
        products[i * size + j]! -= (sums[i]! * sums[j]!) / Math.max(1, points.length);
  }
  const at = (i: number, j: number): number => products[Math.max(i, j) * size + Math.min(i, j)]!;
  const matrix = Array.from({ length: DEGREE ** 2 }, (_, k) => at(Math.floor(k / DEGREE), k % DEGREE));
  const right = Array.from({ length: DEGREE }, (_, k) => at(k, DEGREE));
  const c = solveLinear(matrix, right, DEGREE);
  if (!c) return Number.POSITIVE_INFINITY;
  return at(DEGREE, DEGREE) - right.reduce((sum, value, k) => sum + value * c[k]!, 0);
}

function powers(row: Float64Array, u: number, y: number): void {
  row[0] = u;
  row[1] = u * u;
  row[2] = u * u * u;
  row[DEGREE] = y;
}
