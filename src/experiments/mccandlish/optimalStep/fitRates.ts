import type { MeasuredRate } from '../../../measure/statistics/measuredRates.ts';

/** A rate to be fitted, at its batch size. */
export interface RateAt extends MeasuredRate {
  readonly batchSize: number;
}

/** ε_max and B_noise. */
export interface Constants {
  readonly epsMax: number;
  readonly bNoise: number;
}

/** A curve's least χ²: Σ((log ε − log fitted)/σ)², to which a bound that is kept adds nothing. */
interface Fit {
  readonly misfit: number;
}

/** ε_opt(B) = ε_max/(1 + B_noise/B), fitted. */
export type Hyperbola = Fit & Constants;

/** ε_opt(B) ∝ Bᵖ, fitted: McCandlish's curve without its saturation. */
export type PowerLaw = Fit & { readonly exponent: number };

/** The hyperbola by weighted least squares of logarithms; null for fewer than three rates that are no bounds. */
export function fitHyperbola(rates: readonly RateAt[]): Hyperbola | null {
  if (rates.filter(({ censored }) => !censored).length < 3) return null;
  const curve = (logNoise: number) => (B: number) => -Math.log1p(Math.exp(logNoise) / B);
  const found = searchShape(rates, curve, [Math.log(1e-2), Math.log(1e7)]);
  return { misfit: found.misfit, epsMax: Math.exp(found.level), bNoise: Math.exp(found.shape) };
}

/** The power law, alike. */
export function fitPowerLaw(rates: readonly RateAt[]): PowerLaw | null {
  if (rates.filter(({ censored }) => !censored).length < 3) return null;
  const found = searchShape(rates, (exponent) => (B) => exponent * Math.log(B), [-2, 4]);
  return { misfit: found.misfit, exponent: found.shape };
}

/** χ² of the curve `shape` + `level`, which is where it is least: in log ε, given `shape` at each batch size. */
export function fitLevel(
  rates: readonly RateAt[],
  shape: (batchSize: number) => number,
): { readonly level: number; readonly misfit: number } {
  const points = rates.map(({ batchSize, rate, logStderr, censored }) => ({
    above: Math.log(rate) - shape(batchSize),
    weight: logStderr ** -2,
    censored,
  }));
  const counts = (level: number, { above, censored }: (typeof points)[number]): boolean =>
    censored === null || (censored === 'above' ? above > level : above < level);
  const pull = (level: number): number =>
    points.reduce((sum, p) => sum + (counts(level, p) ? p.weight * (p.above - level) : 0), 0);
  // The pull falls as the level rises, from one end of the points to the other.
  let low = Math.min(...points.map(({ above }) => above));
  let high = Math.max(...points.map(({ above }) => above));
  const bounded = points.some(({ censored }) => censored);
  for (let i = 0; bounded && i < 60; i++) {
    const middle = (low + high) / 2;
    if (pull(middle) > 0) low = middle;
    else high = middle;
  }
  const weights = points.reduce((sum, { weight }) => sum + weight, 0);
  const level = bounded
    ? (low + high) / 2
    : points.reduce((sum, { above, weight }) => sum + weight * above, 0) / weights;
  const misfit = points.reduce(
    (sum, p) => sum + (counts(level, p) ? p.weight * (p.above - level) ** 2 : 0),
    0,
  );
  return { level, misfit };
}

/** The curve of least χ² in a family of one shape parameter: of a grid the best, then by halved steps. */
function searchShape(
  rates: readonly RateAt[],
  curve: (shape: number) => (batchSize: number) => number,
  [low, high]: readonly [number, number],
): { readonly shape: number; readonly level: number; readonly misfit: number } {
  const at = (shape: number) => ({ shape, ...fitLevel(rates, curve(shape)) });
  const points = 84;
  let best = at(low);
  const take = (shape: number): void => {
    const found = at(Math.min(high, Math.max(low, shape)));
    if (found.misfit < best.misfit) best = found;
  };
  for (let i = 1; i <= points; i++) take(low + ((high - low) * i) / points);
  for (let width = (high - low) / points; width > 1e-9; width /= 2) {
    const { shape } = best;
    take(shape - width);
    take(shape + width);
  }
  return best;
}
