import { chiSquaredTail } from '../../../measure/statistics/chiSquaredTail.ts';
import {
  breakEvenRate,
  type LocalModel,
  noiseScale,
  optimalGain,
  optimalRate,
} from '../../../measure/statistics/localModel.ts';
import type { MeasuredRates } from '../../../measure/statistics/measuredRates.ts';
import { fitLevel, type Hyperbola, type RateAt } from './fitRates.ts';

/** What G, H and Σ of a frozen point say; tr(HΣ) with its standard error. */
export interface Prediction {
  readonly local: LocalModel;
  readonly traceHessianCovarianceStderr: number;
}

/** χ² of a prediction on so many degrees of freedom. */
export interface ChiSquared {
  readonly value: number;
  readonly freedom: number;
}

/** Measured over predicted, as logarithms; NaN where there is nothing to compare. */
export interface LogRatios {
  /** Of the fitted hyperbola. */
  readonly epsMax: number;
  readonly bNoise: number;
  /** Of the gains at the measured minima, by least squares weighted by their errors. */
  readonly gain: number;
  /** Of the rates at which ΔL is zero, their weighted mean. */
  readonly breakEven: number;
}

/** How one frozen point's measurements stand to a prediction, nothing of which is fitted to them. */
export interface RateComparison {
  readonly logRatios: LogRatios;
  readonly chiSquared: { readonly rate: ChiSquared; readonly gain: ChiSquared };
}

/** Compares measurements with a prediction: their own point's, or as a control another's. */
export function compareRates(
  measured: readonly MeasuredRates[],
  fitted: Hyperbola | null,
  { local, traceHessianCovarianceStderr }: Prediction,
): RateComparison {
  const [epsMax, bNoise] = [optimalRate(local) ?? Number.NaN, noiseScale(local) ?? Number.NaN];
  if (!fitted || !(epsMax > 0 && bNoise > 0)) {
    const nothing = { value: Number.NaN, freedom: 0 };
    return {
      logRatios: { epsMax: Number.NaN, bNoise: Number.NaN, gain: Number.NaN, breakEven: Number.NaN },
      chiSquared: { rate: nothing, gain: nothing },
    };
  }
  const rates = optimalRates(measured);
  const found = measured.filter(({ optimal }) => !optimal.censored);
  const relative = traceHessianCovarianceStderr / local.traceHessianCovariance;
  /** ∂log(1 + B_noise/B)/∂log tr(HΣ), times that one's relative error. */
  const shared = (B: number): number => (relative * (bNoise / B)) / (1 + bNoise / B);

  const gains = found.map(({ batchSize, gain, gainStderr }) => {
    const predicted = optimalGain(local, batchSize)!;
    return { gain, predicted, weight: gainStderr ** -2, shared: predicted * shared(batchSize) };
  });
  const sum = (f: (g: (typeof gains)[number]) => number): number => gains.reduce((s, g) => s + f(g), 0);
  const ratio = sum((g) => g.weight * g.gain * g.predicted) / sum((g) => g.weight * g.predicted ** 2);

  return {
    logRatios: {
      epsMax: Math.log(fitted.epsMax / epsMax),
      bNoise: Math.log(fitted.bNoise / bNoise),
      gain: Math.log(ratio),
      breakEven: fitLevel(
        measured.map(({ batchSize, breakEven }) => ({ batchSize, ...breakEven })),
        (B) => Math.log(breakEvenRate(local, B)!),
      ).level,
    },
    chiSquared: {
      rate: {
        value: correlatedChiSquared(
          rates.map(({ batchSize, rate, logStderr, censored }) => {
            const off = Math.log(rate / optimalRate(local, batchSize)!);
            const kept = (censored === 'above' && off <= 0) || (censored === 'below' && off >= 0);
            return { off: kept ? 0 : off, weight: logStderr ** -2, shared: kept ? 0 : shared(batchSize) };
          }),
        ),
        freedom: found.length,
      },
      gain: {
        value: correlatedChiSquared(
          gains.map(({ gain, predicted, ...g }) => ({ ...g, off: gain - predicted })),
        ),
        freedom: found.length,
      },
    },
  };
}

/** ε_opt at each batch size. */
export function optimalRates(measured: readonly MeasuredRates[]): RateAt[] {
  return measured.map(({ batchSize, optimal }) => ({ batchSize, ...optimal }));
}

/**
 * rᵀC⁻¹r of residuals r whose covariance C is their own variances and a part that all share, C = diag(1/w) + vvᵀ (Sherman &
 * Morrison 1950).
 */
function correlatedChiSquared(
  residuals: readonly { readonly off: number; readonly weight: number; readonly shared: number }[],
): number {
  let [own, cross, common] = [0, 0, 1];
  for (const { off, weight, shared } of residuals) {
    own += weight * off ** 2;
    cross += weight * off * shared;
    common += weight * shared ** 2;
  }
  return own - cross ** 2 / common;
}

/** χ² over replicates, and the probability of one as large or larger. */
export function togetherChiSquared(parts: readonly ChiSquared[]): ChiSquared & { readonly tail: number } {
  const value = parts.reduce((sum, part) => sum + part.value, 0);
  const freedom = parts.reduce((sum, part) => sum + part.freedom, 0);
  return { value, freedom, tail: freedom > 0 ? chiSquaredTail(value, freedom) : Number.NaN };
}
