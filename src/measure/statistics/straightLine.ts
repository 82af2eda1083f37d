/** y = intercept + slope·x. */
export interface StraightLine {
  readonly slope: number;
  readonly intercept: number;
}

/** A point of a line, in host float64. */
export interface LinePoint {
  readonly x: number;
  readonly y: number;
}

/**
 * The line of least squares through points, each of equal weight.
 * @returns null for fewer than two different x
 */
export function straightLine(points: readonly LinePoint[]): StraightLine | null {
  const mean = (of: (point: LinePoint) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const spread = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  if (!(spread > 0)) return null;
  const slope = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / spread;
  return { slope, intercept: y - slope * x };
}

/** The exponent p of y ∝ xᵖ through points above 0, by least squares of logarithms; null as `straightLine`. */
export function powerLawSlope(points: readonly LinePoint[]): number | null {
  return straightLine(points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) })))?.slope ?? null;
}
