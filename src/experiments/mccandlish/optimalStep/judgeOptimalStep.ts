import type { Effect } from '../../../measure/statistics/interval.ts';
import { expectedLossChange, noiseScale, optimalRate } from '../../../measure/statistics/localModel.ts';
import type { MeasuredRates } from '../../../measure/statistics/measuredRates.ts';
import { studentIntervals } from '../../../measure/statistics/studentIntervals.ts';
import {
  type ChiSquared,
  compareRates,
  type LogRatios,
  optimalRates,
  type Prediction,
  type RateComparison,
  togetherChiSquared,
} from './compareRates.ts';
import { fitHyperbola, fitPowerLaw, type Hyperbola, type PowerLaw } from './fitRates.ts';
import type { FrozenPoint } from './frozenPoint.ts';
import { OPTIMAL_STEP_MARGINS, type OptimalStepMargins } from './protocol.ts';

/**
 * What a set of predictions comes to. `within tolerance; model rejected`: every effect is as near to its prediction as it was said it
 * must be, but the data tell the model's curve from theirs.
 */
export type Finding = 'pass' | 'within tolerance; model rejected' | 'fail' | 'inconclusive';

/** A frozen point's measurements, beside its own prediction. */
export interface FrozenPointOutcome extends RateComparison {
  readonly step: number;
  readonly loss: number;
  readonly gradNormSq: number;
  readonly gHg: number;
  readonly traceHessianCovariance: number;
  readonly traceHessianCovarianceStderr: number;
  readonly bSimple: number;
  /** Predicted; null for a zero denominator. */
  readonly epsMax: number | null;
  readonly bNoise: number | null;
  readonly rows: readonly (MeasuredRates & { readonly predictedChanges: readonly number[] })[];
  readonly hyperbola: Hyperbola | null;
  readonly powerLaw: PowerLaw | null;
}

/** What the trunks say of one frozen step: measured over predicted. */
export interface StepEffects {
  readonly step: number;
  readonly epsMax: Effect;
  readonly bNoise: Effect;
  readonly gain: Effect;
  readonly breakEven: Effect;
  /** Of the prediction, over all trunks, with the probability of one as large or larger. */
  readonly chiSquared: {
    readonly rate: ChiSquared & { readonly tail: number };
    readonly gain: ChiSquared & { readonly tail: number };
  };
  readonly verdict: Finding;
}

/** How one set of predictions does. */
export interface PredictionOutcome {
  readonly steps: readonly StepEffects[];
  /** χ² of the fitted power law less that of the fitted hyperbola, over a trunk's frozen points. */
  readonly rival: Effect;
  readonly verdict: Finding;
  readonly reason: string;
}

export interface OptimalStepOutcome extends PredictionOutcome {
  /** Of each trunk, at each step. */
  readonly points: readonly (readonly FrozenPointOutcome[])[];
  readonly controls: {
    /** At each step the predictions of the next one, and of the one after that: both must fail. */
    readonly swapped: readonly PredictionOutcome[];
    /** B_simple in place of B_noise: told, no part of the verdict. */
    readonly simpleNoiseScale: PredictionOutcome;
  };
}

/** What is compared, by its symbol. */
export const EFFECTS = { epsMax: 'ε_max', bNoise: 'B_noise', gain: 'ΔL_opt', breakEven: '2ε_opt' } as const;
export const EFFECT_KEYS = Object.keys(EFFECTS) as (keyof typeof EFFECTS)[];

/**
 * Judges what was measured of several trunks.
 *
 * A set of predictions passes where at every step every effect is within its margin and the rival's χ² is larger than the
 * hyperbola's by an interval above 0; where a step's own χ² rejects the model's curve it is `within tolerance; model rejected`. It
 * fails where an effect is outside its margin, or the rival fits better by an interval below 0. Otherwise it is inconclusive. The
 * claim's verdict is that of each point's own prediction, and inconclusive instead of passed unless every swap fails.
 * @param trunks two or more, each frozen at the same steps, two or more
 * @throws RangeError for fewer, or other steps
 */
export function judgeOptimalStep(
  trunks: readonly (readonly FrozenPoint[])[],
  margins: OptimalStepMargins = OPTIMAL_STEP_MARGINS,
): OptimalStepOutcome {
  const steps = trunks[0]?.map(({ step }) => step) ?? [];
  if (
    trunks.length < 2 ||
    steps.length < 2 ||
    trunks.some((points) => String(points.map(({ step }) => step)) !== String(steps))
  ) {
    throw new RangeError(
      `${trunks.length} trunks at steps ${steps.join(', ')}, expected 2 or more at the same 2 or more steps`,
    );
  }
  const points = trunks.map((frozen) => frozen.map(outcomeOf));
  const judge = (predicted: (trunk: number, step: number) => Prediction): PredictionOutcome =>
    judgePredictions(points, predicted, margins);
  const own = judge((t, s) => trunks[t]![s]!);
  const swapped = steps.slice(1).map((_, by) => judge((t, s) => trunks[t]![(s + by + 1) % steps.length]!));
  const simpleNoiseScale = judge((t, s) => {
    const { local, traceCovariance } = trunks[t]![s]!;
    const traceHessianCovariance = (traceCovariance / local.gradNormSq) * local.gHg;
    return { local: { ...local, traceHessianCovariance }, traceHessianCovarianceStderr: 0 };
  });
  const found = { ...own, points, controls: { swapped, simpleNoiseScale } };
  const uncontrolled = swapped.some(({ verdict }) => verdict !== 'fail');
  const passed = own.verdict === 'pass' || own.verdict === 'within tolerance; model rejected';
  if (!passed || !uncontrolled) return found;
  const reason = `the control, swapped predictions, ends as ${swapped.map(({ verdict }) => verdict).join(' and ')}, expected to fail; ${own.reason}`;
  return { ...found, verdict: 'inconclusive', reason };
}

function outcomeOf(point: FrozenPoint): FrozenPointOutcome {
  const { step, loss, local, traceHessianCovarianceStderr, traceCovariance, rows } = point;
  const rates = optimalRates(rows);
  const hyperbola = fitHyperbola(rates);
  return {
    step,
    loss,
    ...local,
    traceHessianCovarianceStderr,
    bSimple: traceCovariance / local.gradNormSq,
    epsMax: optimalRate(local),
    bNoise: noiseScale(local),
    ...compareRates(rows, hyperbola, point),
    rows: rows.map((row) => ({
      ...row,
      predictedChanges: row.rates.map((lr) => expectedLossChange(local, lr, row.batchSize)),
    })),
    hyperbola,
    powerLaw: fitPowerLaw(rates),
  };
}

function judgePredictions(
  points: readonly (readonly FrozenPointOutcome[])[],
  predicted: (trunk: number, step: number) => Prediction,
  margins: OptimalStepMargins,
): PredictionOutcome {
  const compared = points.map((trunk, t) =>
    trunk.map(({ rows, hyperbola }, s) => compareRates(rows, hyperbola, predicted(t, s))),
  );
  const overTrunks = (key: keyof LogRatios): Effect[] =>
    studentIntervals(points[0]!.map((_, s) => compared.map((trunk) => trunk[s]!.logRatios[key]))).map(
      exponential,
    );
  const effects = {
    epsMax: overTrunks('epsMax'),
    bNoise: overTrunks('bNoise'),
    gain: overTrunks('gain'),
    breakEven: overTrunks('breakEven'),
  };
  const steps = points[0]!.map(({ step }, s): StepEffects => {
    const of = {
      epsMax: effects.epsMax[s]!,
      bNoise: effects.bNoise[s]!,
      gain: effects.gain[s]!,
      breakEven: effects.breakEven[s]!,
    };
    const chiSquared = {
      rate: togetherChiSquared(compared.map((trunk) => trunk[s]!.chiSquared.rate)),
      gain: togetherChiSquared(compared.map((trunk) => trunk[s]!.chiSquared.gain)),
    };
    const places = EFFECT_KEYS.map((key) => placeOf(of[key], margins[key]));
    const rejected = Math.min(chiSquared.rate.tail, chiSquared.gain.tail) < margins.rejectedBelow;
    return { step, ...of, chiSquared, verdict: verdictOf(places, rejected) };
  });
  const [rival] = studentIntervals([points.map(rivalMisfit)]);
  const places = steps.map(({ verdict }) =>
    verdict === 'fail' ? 'outside' : verdict === 'inconclusive' ? 'across' : 'within',
  );
  const rejected = steps.some(({ verdict }) => verdict === 'within tolerance; model rejected');
  const verdict = verdictOf([...places, rivalPlace(rival!)], rejected);
  return { steps, rival: rival!, verdict, reason: reasonOf(steps, rival!, margins) };
}

/** χ² of the fitted power law less that of the fitted hyperbola, over the points of a trunk; NaN where one of them cannot be fitted. */
export function rivalMisfit(trunk: readonly FrozenPointOutcome[]): number {
  return trunk.reduce(
    (sum, { hyperbola, powerLaw }) =>
      sum + (hyperbola && powerLaw ? powerLaw.misfit - hyperbola.misfit : Number.NaN),
    0,
  );
}

/** Where an interval lies: within the bounds, outside them, or across one of them. */
type Place = 'within' | 'outside' | 'across';

function placeOf({ interval: [low, high] }: Effect, margin: number): Place {
  if (low !== null && high !== null && low >= 1 / margin && high <= margin) return 'within';
  return (low !== null && low > margin) || (high !== null && high < 1 / margin) ? 'outside' : 'across';
}

function rivalPlace({ interval: [low, high] }: Effect): Place {
  if (low !== null && low > 0) return 'within';
  return high !== null && high < 0 ? 'outside' : 'across';
}

function verdictOf(places: readonly Place[], rejected: boolean): Finding {
  if (places.includes('outside')) return 'fail';
  if (places.includes('across')) return 'inconclusive';
  return rejected ? 'within tolerance; model rejected' : 'pass';
}

/** What stands against a pass, or that nothing does. */
function reasonOf(steps: readonly StepEffects[], rival: Effect, margins: OptimalStepMargins): string {
  const against: string[] = [];
  for (const step of steps) {
    for (const key of EFFECT_KEYS) {
      const place = placeOf(step[key], margins[key]);
      if (place !== 'within')
        against.push(`${EFFECTS[key]} at step ${step.step} is ${place} the margin of ${margins[key]}×`);
    }
    for (const [key, what] of [
      ['rate', 'ε_opt(B)'],
      ['gain', 'ΔL_opt(B)'],
    ] as const) {
      const { value, freedom, tail } = step.chiSquared[key];
      if (tail < margins.rejectedBelow)
        against.push(`χ² of ${what} at step ${step.step} is ${value.toFixed(0)} on ${freedom}`);
    }
  }
  if (rivalPlace(rival) !== 'within') against.push('the power law is not shown to fit worse');
  return against.join('; ') || 'every effect is within its margin, and the power law fits worse';
}

function exponential({ value, interval: [low, high] }: Effect): Effect {
  const end = (at: number | null): number | null => (at === null ? null : Math.exp(at));
  return { value: Math.exp(value), interval: [end(low), end(high)] };
}
