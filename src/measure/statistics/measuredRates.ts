import { jackknife } from './jackknife.ts';
import { breakEven, lineMinimum } from './lineMinimum.ts';

/** The line search at one batch size. */
export interface LineSamples {
  readonly batchSize: number;
  readonly rates: readonly number[];
  /** ΔL of the population, [draws][rates]. */
  readonly draws: readonly (readonly number[])[];
}

/** A rate that a line search found; or, at an end of its grid, a bound of it. */
export interface MeasuredRate {
  readonly rate: number;
  /** Of log ε, over the draws. */
  readonly logStderr: number;
  /** The rate is this or `below`, or this or `above`; null where it is what it is. */
  readonly censored: 'below' | 'above' | null;
}

/** What the line search found at one batch size. */
export interface MeasuredRates {
  readonly batchSize: number;
  readonly optimal: MeasuredRate;
  /** −ΔL at the minimum, and its standard error. */
  readonly gain: number;
  readonly gainStderr: number;
  /** Where ΔL comes back to zero. */
  readonly breakEven: MeasuredRate;
  readonly rates: readonly number[];
  /** Mean of ΔL over the draws, at each. */
  readonly changes: readonly number[];
}

/** A share of what is measured that losses in float32 leave unknown: no weight is larger than from it. */
const ROUNDING = 1e-6;

/** Minimum and break-even of the mean curve, with the jackknife's errors over the draws. */
export function measuredRates({ batchSize, rates, draws }: LineSamples): MeasuredRates {
  const K = draws.length;
  const sums = rates.map((_, e) => draws.reduce((sum, row) => sum + row[e]!, 0));
  const mean = sums.map((sum) => sum / K);
  const without = draws.map((row) => sums.map((sum, e) => (sum - row[e]!) / (K - 1)));
  // Of a bound at least half of the grid's step.
  const step = Math.log(rates.at(-1)! / rates[0]!) / (rates.length - 1) / 2;
  const errorOf = (censored: unknown, leftOut: readonly number[]): number =>
    Math.max(jackknife(leftOut.map(Math.log)) ?? 0, censored ? step : ROUNDING);

  const minimum = lineMinimum(rates, mean);
  const minima = without.map((curve) => lineMinimum(rates, curve));
  const back = backAtZero(rates, mean);
  return {
    batchSize,
    optimal: {
      rate: minimum.rate,
      logStderr: errorOf(
        minimum.censored,
        minima.map(({ rate }) => rate),
      ),
      censored: minimum.censored,
    },
    gain: -minimum.change,
    gainStderr: Math.max(
      jackknife(minima.map(({ change }) => change)) ?? 0,
      ROUNDING * Math.abs(minimum.change),
    ),
    breakEven: {
      ...back,
      logStderr: errorOf(
        back.censored,
        without.map((curve) => backAtZero(rates, curve).rate),
      ),
    },
    rates,
    changes: mean,
  };
}

/** Where the curve comes back to zero: before the grid where it is at no point below, beyond it where it stays so. */
function backAtZero(rates: readonly number[], changes: readonly number[]): Omit<MeasuredRate, 'logStderr'> {
  const rate = breakEven(rates, changes);
  if (rate !== null) return { rate, censored: null };
  const fell = changes.some((change) => change < 0);
  return fell ? { rate: rates.at(-1)!, censored: 'above' } : { rate: rates[0]!, censored: 'below' };
}
