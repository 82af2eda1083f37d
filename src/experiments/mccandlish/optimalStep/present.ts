import type { Effect, Interval } from '../../../measure/statistics/interval.ts';
import { breakEvenRate, optimalGain, optimalRate } from '../../../measure/statistics/localModel.ts';
import type { MeasuredRate } from '../../../measure/statistics/measuredRates.ts';
import type { Outcome, Statistic, UnitValues } from '../../experiment.ts';
import type { Figure, Table } from '../../figure.ts';
import { tailOfInterval } from '../../verdict/tailOfInterval.ts';
import {
  EFFECT_KEYS,
  EFFECTS,
  type FrozenPointOutcome,
  type OptimalStepOutcome,
  type PredictionOutcome,
  rivalMisfit,
} from './judgeOptimalStep.ts';
import { OPTIMAL_STEP_MARGINS } from './protocol.ts';

/** What the trunks come to, and the seeds of these. */
export type JudgedTrunks = OptimalStepOutcome & { readonly trunks: readonly number[] };

const RIVAL = 'χ² of the power law less that of the hyperbola';

/** Every effect at every step, measured over predicted; and how much worse the rival fits. */
export function optimalStepStatistics({ steps, rival, trunks }: JudgedTrunks): Statistic[] {
  const units = trunks.length;
  // The scatter of an effect is pooled over the steps; the rival is one number of each trunk.
  const told = (
    name: string,
    effect: Effect,
    margin: Interval,
    { groups, scale }: { readonly groups: number; readonly scale: 'linear' | 'log' },
  ): Statistic => {
    const p = tailOfInterval(effect, margin, groups * (units - 1), scale);
    return { name, ...effect, margin, units, ...(p === null ? {} : { p }) };
  };
  return [
    ...steps.flatMap((step) =>
      EFFECT_KEYS.map((key) => {
        const margin = OPTIMAL_STEP_MARGINS[key];
        const of = { groups: steps.length, scale: 'log' as const };
        return told(`${EFFECTS[key]} at step ${step.step}`, step[key], [1 / margin, margin], of);
      }),
    ),
    told(RIVAL, rival, [0, null], { groups: 1, scale: 'linear' }),
  ];
}

/** What the statistics are means of, in their order. */
export function optimalStepUnits({ steps, points }: JudgedTrunks): UnitValues[] {
  return [
    ...steps.flatMap(({ step }, s) =>
      EFFECT_KEYS.map(
        (key): UnitValues => ({
          name: `${EFFECTS[key]} at step ${step}`,
          values: points.map((trunk) => finite(Math.exp(trunk[s]!.logRatios[key]))),
          scale: 'log',
          pooled: EFFECTS[key],
        }),
      ),
    ),
    { name: RIVAL, values: points.map((trunk) => finite(rivalMisfit(trunk))), pooled: RIVAL },
  ];
}

/** A chart for each effect, over the steps. */
export function effectsFigure({ detail }: Outcome<JudgedTrunks>): Figure {
  return {
    caption: 'Measured over predicted, with 95 % intervals over the trunks, against the margins',
    panels: EFFECT_KEYS.map((key) => ({
      title: EFFECTS[key],
      x: { label: 'step', log: true },
      y: { label: 'measured/predicted', log: true },
      marks: [
        {
          mark: 'band',
          name: 'margin',
          range: [1 / OPTIMAL_STEP_MARGINS[key], OPTIMAL_STEP_MARGINS[key]],
        },
        {
          mark: 'dots',
          name: 'measured/predicted',
          points: detail.steps.map((step) => ({
            x: step.step,
            y: step[key].value,
            interval: step[key].interval,
          })),
        },
      ],
    })),
  };
}

/** Effects by step with their χ²; and every frozen point's line searches. */
export function optimalStepTables({ detail }: Outcome<JudgedTrunks>): Table[] {
  return [
    ...detail.points.flatMap((frozen, t) => frozen.map((point) => pointTable(detail.trunks[t]!, point))),
    effectsTable('Measured over predicted, with 95 % over the trunks', detail),
    effectsTable('The same with B_simple in place of B_noise', detail.controls.simpleNoiseScale),
  ];
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function effectsTable(title: string, { steps }: PredictionOutcome): Table {
  return {
    title,
    columns: ['step', ...EFFECT_KEYS.map((key) => EFFECTS[key]), 'χ² of ε_opt(B)', 'of ΔL_opt(B)', ''],
    rows: steps.map(({ step, chiSquared: { rate, gain }, verdict, ...effects }) => [
      `${step}`,
      ...EFFECT_KEYS.map((key): Effect => effects[key]),
      `${rate.value.toPrecision(3)} on ${rate.freedom}`,
      `${gain.value.toPrecision(3)} on ${gain.freedom}`,
      verdict,
    ]),
  };
}

function pointTable(trunk: number, point: FrozenPointOutcome): Table {
  const { step, loss, hyperbola, epsMax, bNoise, rows } = point;
  const number = (value: number | null): string => value?.toPrecision(3) ?? 'none';
  const fitted = hyperbola
    ? `fitted ${number(hyperbola.epsMax)}, ${number(hyperbola.bNoise)}`
    : 'fewer than three minima within the grid';
  return {
    title: `Trunk ${trunk}, step ${step}, loss ${number(loss)}: predicted ε_max ${number(epsMax)}, B_noise ${number(bNoise)}; ${fitted}`,
    columns: ['B', 'ε_opt', '± %', 'predicted', 'gain', '±', 'predicted', 'ΔL = 0 at ε', '± %', 'predicted'],
    rows: rows.map(({ batchSize, optimal, gain, gainStderr, breakEven }) => [
      `${batchSize}`,
      ...rate(optimal),
      optimalRate(point, batchSize),
      gain,
      gainStderr,
      optimalGain(point, batchSize),
      ...rate(breakEven),
      breakEvenRate(point, batchSize),
    ]),
  };
}

function rate({ rate, logStderr, censored }: MeasuredRate): [string | number, string] {
  if (!censored) return [rate, (100 * logStderr).toFixed(0)];
  return [`${censored === 'above' ? '≥' : '≤'} ${rate.toPrecision(3)}`, ''];
}
