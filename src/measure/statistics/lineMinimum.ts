/** The minimum of a curve that is known at the points of a grid. */
export interface LineMinimum {
  readonly rate: number;
  /** ΔL there: negative where the loss falls. */
  readonly change: number;
  /**
   * null where the arg-min lies inside the grid, so that its neighbours bracket the minimum. Else the end that it lies at: the
   * minimum is there or `below`, or there or `above`, and the rate is a bound.
   */
  readonly censored: 'below' | 'above' | null;
}

/**
 * The vertex of the parabola through the arg-min of the grid and its two neighbours; parabolas in ε, so that a quadratic
 * curve's minimum is found exactly. At an end of the grid that end, as a bound.
 * @param rates ascending, three or more
 * @param changes ΔL at each
 */
export function lineMinimum(rates: readonly number[], changes: ArrayLike<number>): LineMinimum {
  let least = 0;
  for (let i = 1; i < rates.length; i++) if (changes[i]! < changes[least]!) least = i;
  if (least === 0 || least === rates.length - 1) {
    return { rate: rates[least]!, change: changes[least]!, censored: least === 0 ? 'below' : 'above' };
  }
  const [x0, x1, x2] = rates.slice(least - 1, least + 2) as [number, number, number];
  const [y0, y1, y2] = [changes[least - 1]!, changes[least]!, changes[least + 1]!];
  // Newton's form: y = y1 + s(x − x1) + c(x − x1)(x − x0).
  const slope = (y1 - y0) / (x1 - x0);
  const curvature = ((y2 - y1) / (x2 - x1) - slope) / (x2 - x0);
  if (!(curvature > 0)) return { rate: x1, change: y1, censored: null };
  const rate = (x0 + x1) / 2 - slope / (2 * curvature);
  return { rate, change: y1 + slope * (rate - x1) + curvature * (rate - x1) * (rate - x0), censored: null };
}

/**
 * Where a curve that falls at first comes back to zero: of the first two points of the grid between which it does, with
 * ΔL = 0 at ε = 0, the parabola's other root. ΔL/ε is linear along such a parabola, so its zero is interpolated there; a
 * quadratic curve's is found exactly, where the chord of ΔL would fall short of it. Null if it does not come back within
 * the grid.
 * @param rates ascending, above 0
 * @param changes ΔL at each
 */
export function breakEven(rates: readonly number[], changes: ArrayLike<number>): number | null {
  for (let i = 1; i < rates.length; i++) {
    const [before, after] = [changes[i - 1]!, changes[i]!];
    if (!(before < 0 && after >= 0)) continue;
    const [x0, x1] = [rates[i - 1]!, rates[i]!];
    const [y0, y1] = [before / x0, after / x1];
    return x0 + ((x1 - x0) * y0) / (y0 - y1);
  }
  return null;
}
