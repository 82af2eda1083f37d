import type { Gpu } from '../gpu/device.ts';
import { percentileInterval, resamples, spread } from '../measure/bootstrap.ts';
import type { Estimate } from '../measure/estimate.ts';
import { GradientDraws } from '../measure/gradientDraws.ts';
import { breakEven, lineMinimum } from '../measure/lineMinimum.ts';
import {
  breakEvenRate,
  expectedLossChange,
  noiseScale,
  optimalGain,
  optimalRate,
} from '../measure/localModel.ts';
import { LossAlongLine } from '../measure/lossAlongLine.ts';
import { type MeasuredLocalModel, measureLocalModel } from '../measure/measureLocalModel.ts';
import type { Point } from '../measure/pass.ts';
import type { Effect, Verdict } from './verdict.ts';

/**
 * The claim (McCandlish et al. 2018, eqs. 2.5 to 2.8): at a frozen point the best rate of one SGD step is
 * ε_opt(B) = ε_max/(1 + B_noise/B), with ε_max = |G|²/GᵀHG and B_noise = tr(HΣ)/GᵀHG taken from gradient, Hessian and
 * covariance there, nothing fitted.
 *
 * A fixed subset of the training data is the population: G, H and Σ (divisor N) are its own, batches are drawn from it with
 * replacement, and the loss is that of all of it. For each B the line search takes the mean of ΔL over the draws at each ε of a
 * grid 8 times up and down from the prediction, and the vertex of the parabola around the least; a minimum at the grid's
 * end stays there, as the measured value.
 */
export interface OptimalStepProtocol {
  readonly batchSizes: readonly number[];
  /** K, mini-batches for each B. */
  readonly draws: number;
  /** ε over the predicted ε_opt(B), ascending. */
  readonly grid: readonly number[];
  /** Random sign vectors behind tr(HΣ), and behind tr H, which only the control takes. */
  readonly probes: number;
  readonly traceProbes: number;
  readonly seed: number;
}

/** √2 apart, from 1/8 to 8. */
const GRID = Array.from({ length: 13 }, (_, i) => 2 ** ((i - 6) / 2));

export const OPTIMAL_STEP: OptimalStepProtocol = {
  batchSizes: [4, 8, 16, 32, 64, 128, 256, 512],
  draws: 50,
  grid: GRID,
  probes: 16,
  traceProbes: 4,
  seed: 0,
};

/** The pass statistic, set before the first run. */
export const OPTIMAL_STEP_CRITERIA = {
  /** ε_max fitted to the measured ε_opt(B), over the predicted one, or its inverse. */
  epsMaxWithin: 1.5,
  bNoiseWithin: 2,
  /** 1 − Σ(log measured − log predicted)²/Σ(log measured − mean)², over the batch sizes. */
  rSquaredAbove: 0.95,
  /** Of three. */
  checkpoints: 2,
} as const;

/** Times the bootstrap draws the mini-batches of each B again. */
const RESAMPLES = 400;

/** The line search at one batch size. */
export interface LineSamples {
  readonly batchSize: number;
  readonly rates: readonly number[];
  /** ΔL of the population, [draws][rates]. */
  readonly changes: readonly ArrayLike<number>[];
}

/** What was measured at one frozen point. */
export interface FrozenPoint extends MeasuredLocalModel {
  readonly step: number;
  readonly parameters: number;
  readonly traceHessian: Estimate;
  readonly lines: readonly LineSamples[];
}

/** Measures G, H and Σ of the point's examples, then the line searches; yields how many draws of all are done. */
export async function* measureFrozenPoint(
  gpu: Gpu,
  point: Point,
  step: number,
  protocol: OptimalStepProtocol,
): AsyncGenerator<{ readonly done: number; readonly total: number }, FrozenPoint, void> {
  const { seed, draws, batchSizes } = protocol;
  const measured = await measureLocalModel(gpu, point, protocol);
  const { local } = measured;
  const lines: LineSamples[] = [];
  if (local.gHg > 0 && local.traceHessianCovariance > 0) {
    const points = 1 + protocol.grid.length;
    const line = await LossAlongLine.open(gpu, point, { points, lines: draws });
    const gradients = await GradientDraws.open(gpu, point, { batchSizes, seed, into: line.direction });
    try {
      for (const batchSize of batchSizes) {
        const best = optimalRate(local, batchSize)!;
        const rates = Array.from(Float32Array.from(protocol.grid, (factor) => factor * best));
        // The loss at the point itself is taken by the same program: rounding falls out of the difference.
        line.setRates([0, ...rates]);
        for (let k = 0; k < draws; k++) {
          gradients.draw(batchSize);
          await line.run();
          yield { done: lines.length * draws + k + 1, total: batchSizes.length * draws };
        }
        const changes = (await line.losses()).map(([start, ...after]) => after.map((loss) => loss - start!));
        lines.push({ batchSize, rates, changes });
      }
    } finally {
      gradients.dispose();
      line.dispose();
    }
  }
  return {
    ...measured,
    traceHessian: measured.traceHessian!,
    step,
    parameters: point.layout.entries.reduce((total, { elements }) => total + elements, 0),
    lines,
  };
}

/** ε_max and B_noise, predicted or fitted. */
export interface Constants {
  readonly epsMax: number;
  readonly bNoise: number;
}

/** Of one batch size: what the line search found beside what the local model says. */
export interface OptimalStepRow {
  readonly batchSize: number;
  readonly rate: number;
  /** Standard error of log ε, over resampled draws. */
  readonly logRateStderr: number;
  readonly predictedRate: number;
  /** ΔL at the minimum, its standard error, and −ΔL_opt(B). */
  readonly change: number;
  readonly changeStderr: number;
  readonly predictedChange: number;
  /** Where ΔL comes back to zero; null beyond the grid. Predicted: 2ε_opt(B). */
  readonly breakEven: number | null;
  readonly predictedBreakEven: number;
  /** ΔL measured and predicted at each ε. */
  readonly rates: readonly number[];
  readonly changes: readonly number[];
  readonly predictedChanges: readonly number[];
  readonly resolved: boolean;
}

/** How a prediction does against the fit, by the three statistics. */
export interface Comparison {
  readonly predicted: Constants;
  /** Fitted over predicted. */
  readonly epsMaxRatio: Effect;
  readonly bNoiseRatio: Effect;
  readonly rSquared: Effect;
  readonly verdict: Verdict;
}

export interface CheckpointOutcome extends Comparison {
  readonly step: number;
  readonly loss: number;
  readonly gradNormSq: number;
  readonly gHg: number;
  readonly traceHessianCovariance: number;
  readonly traceHessianCovarianceStderr: number;
  readonly bSimple: number;
  readonly traceHessian: Estimate;
  readonly fitted: Constants | null;
  readonly rows: readonly OptimalStepRow[];
  /**
   * Negative controls, the same statistics of other predictions. `isotropicHessian`: H replaced by the multiple of the
   * identity that has its trace; it must not pass. `simpleNoiseScale`: B_simple in place of B_noise, told beside it.
   */
  readonly controls: { readonly isotropicHessian: Comparison; readonly simpleNoiseScale: Comparison };
}

/**
 * ε_max and B_noise by least squares of log ε_opt(B) = log ε_max − log(1 + B_noise/B): for each B_noise the best ε_max
 * is known, and B_noise is searched for on a logarithmic axis.
 */
export function fitConstants(
  rows: readonly { readonly batchSize: number; readonly rate: number }[],
): Constants {
  const logsAt = (bNoise: number): number[] =>
    rows.map(({ batchSize, rate }) => Math.log(rate) + Math.log1p(bNoise / batchSize));
  const misfit = (logNoise: number): number => {
    const logs = logsAt(Math.exp(logNoise));
    const mean = average(logs);
    return logs.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  };
  const [low, high, points] = [Math.log(1e-2), Math.log(1e7), 84];
  let best = low;
  for (let i = 0; i <= points; i++) {
    const at = low + ((high - low) * i) / points;
    if (misfit(at) < misfit(best)) best = at;
  }
  let width = (high - low) / points;
  for (; width > 1e-9; width /= 2) {
    for (const at of [best - width, best + width]) if (misfit(at) < misfit(best)) best = at;
  }
  const bNoise = Math.exp(best);
  return { epsMax: Math.exp(average(logsAt(bNoise))), bNoise };
}

/** Judges one checkpoint from what was measured there. */
export function judgeFrozenPoint(
  { local, lines, ...measured }: FrozenPoint,
  seed: number,
  criteria = OPTIMAL_STEP_CRITERIA,
): CheckpointOutcome {
  const { traceCovariance, traceHessian, parameters, traceHessianCovarianceStderr } = measured;
  const bNoise = noiseScale(local) ?? Number.NaN;
  const bSimple = traceCovariance / local.gradNormSq;
  const isotropic = traceHessian.value / parameters;
  const predictions = {
    own: { epsMax: optimalRate(local) ?? Number.NaN, bNoise },
    isotropicHessian: { epsMax: 1 / isotropic, bNoise: bSimple },
    simpleNoiseScale: { epsMax: optimalRate(local) ?? Number.NaN, bNoise: bSimple },
  };
  const minima = lines.map(({ rates, changes }) => lineMinimum(rates, meanOf(changes)));
  const found = lines.map(({ batchSize }, i) => ({ batchSize, rate: minima[i]!.rate }));
  const fitted = lines.length > 0 ? fitConstants(found) : null;

  // Each B draws its own mini-batches, so each is resampled on its own.
  const repeats = lines.map(({ rates, changes }, i) =>
    [...resamples(changes.length, RESAMPLES, seed + i)].map((draw) =>
      lineMinimum(rates, meanOf(draw.map((k) => changes[k]!))),
    ),
  );
  const repeated = Array.from({ length: lines.length > 0 ? RESAMPLES : 0 }, (_, t) =>
    lines.map(({ batchSize }, i) => ({ batchSize, rate: repeats[i]![t]!.rate })),
  );
  const refits = repeated.map(fitConstants);

  const compare = (predicted: Constants, bNoiseLogStderr: number): Comparison => {
    if (!fitted || !(predicted.epsMax > 0 && predicted.bNoise > 0)) {
      const nothing: Effect = { value: Number.NaN, interval: [Number.NaN, Number.NaN] };
      return {
        predicted,
        epsMaxRatio: nothing,
        bNoiseRatio: nothing,
        rSquared: nothing,
        verdict: 'inconclusive',
      };
    }
    const ratio = (key: keyof Constants, logStderr: number): Effect => {
      const value = fitted[key] / predicted[key];
      const fits = spread(refits.map((fit) => Math.log(fit[key])));
      const reach = Math.exp(1.96 * Math.hypot(fits, logStderr));
      return { value, interval: [value / reach, value * reach] };
    };
    const rSquared: Effect = {
      value: rSquaredOf(found, predicted),
      interval: percentileInterval(repeated.map((rows) => rSquaredOf(rows, predicted))),
    };
    const made = {
      predicted,
      epsMaxRatio: ratio('epsMax', 0),
      bNoiseRatio: ratio('bNoise', bNoiseLogStderr),
      rSquared,
    };
    return { ...made, verdict: judge(made, criteria) };
  };
  const noiseLogStderr = traceHessianCovarianceStderr / local.traceHessianCovariance;
  return {
    step: measured.step,
    loss: measured.loss,
    ...local,
    traceHessianCovarianceStderr,
    bSimple,
    traceHessian,
    fitted,
    ...compare(predictions.own, noiseLogStderr),
    rows: lines.map(({ batchSize, rates, changes }, i): OptimalStepRow => {
      const mean = meanOf(changes);
      const { rate, change, resolved } = minima[i]!;
      return {
        batchSize,
        rate,
        logRateStderr: spread(repeats[i]!.map((minimum) => Math.log(minimum.rate))),
        predictedRate: optimalRate(local, batchSize)!,
        change,
        changeStderr: spread(repeats[i]!.map((minimum) => minimum.change)),
        predictedChange: -optimalGain(local, batchSize)!,
        breakEven: breakEven(rates, mean),
        predictedBreakEven: breakEvenRate(local, batchSize)!,
        rates,
        changes: mean,
        predictedChanges: rates.map((lr) => expectedLossChange(local, lr, batchSize)),
        resolved,
      };
    }),
    controls: {
      isotropicHessian: compare(predictions.isotropicHessian, 0),
      simpleNoiseScale: compare(predictions.simpleNoiseScale, 0),
    },
  };
}

/**
 * Passes where all three statistics do. It is inconclusive where one does not but every one that does not reaches into
 * the tolerance with its 95 % interval; else it fails.
 */
function judge(
  { epsMaxRatio, bNoiseRatio, rSquared }: Pick<Comparison, 'epsMaxRatio' | 'bNoiseRatio' | 'rSquared'>,
  criteria: typeof OPTIMAL_STEP_CRITERIA,
): Verdict {
  const within = ({ value }: Effect, factor: number): boolean => value >= 1 / factor && value <= factor;
  const reaches = ({ interval: [low, high] }: Effect, factor: number): boolean =>
    high >= 1 / factor && low <= factor;
  const holds = [
    within(epsMaxRatio, criteria.epsMaxWithin),
    within(bNoiseRatio, criteria.bNoiseWithin),
    rSquared.value > criteria.rSquaredAbove,
  ];
  if (holds.every(Boolean)) return 'pass';
  const may = [
    reaches(epsMaxRatio, criteria.epsMaxWithin),
    reaches(bNoiseRatio, criteria.bNoiseWithin),
    rSquared.interval[1] > criteria.rSquaredAbove,
  ];
  return holds.every((held, i) => held || may[i]) ? 'inconclusive' : 'fail';
}

/**
 * The verdict on the claim: it passes where at least two checkpoints do and the control passes at none of them, fails where
 * so many fail that two can no longer pass, and is inconclusive otherwise.
 */
export function judgeOptimalStep(
  checkpoints: readonly CheckpointOutcome[],
  criteria = OPTIMAL_STEP_CRITERIA,
): Verdict {
  const count = (verdict: Verdict): number => checkpoints.filter((c) => c.verdict === verdict).length;
  if (checkpoints.length - count('fail') < criteria.checkpoints) return 'fail';
  const controlled = checkpoints.every(({ controls }) => controls.isotropicHessian.verdict !== 'pass');
  return count('pass') >= criteria.checkpoints && controlled ? 'pass' : 'inconclusive';
}

function rSquaredOf(
  rows: readonly { readonly batchSize: number; readonly rate: number }[],
  { epsMax, bNoise }: Constants,
): number {
  const logs = rows.map(({ rate }) => Math.log(rate));
  const mean = average(logs);
  const residual = rows.reduce(
    (sum, { batchSize }, i) => sum + (logs[i]! - Math.log(epsMax / (1 + bNoise / batchSize))) ** 2,
    0,
  );
  return 1 - residual / logs.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The mean row. */
function meanOf(rows: readonly ArrayLike<number>[]): number[] {
  return Array.from({ length: rows[0]!.length }, (_, e) => average(rows.map((row) => row[e]!)));
}
