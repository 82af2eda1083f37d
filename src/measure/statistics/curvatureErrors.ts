import type { CovarianceTrace } from './covarianceTrace.ts';
import {
  ratioInterval,
  type StandardError,
  scaleInterval,
  squareInterval,
  symmetricInterval,
} from './interval.ts';
import { jackknifeError } from './jackknife.ts';
import type { LeftOut } from './leaveOneOut.ts';
import type { EstimateError } from './noiseErrors.ts';
import { invertedInterval } from './noiseScaleInterval.ts';

/** What the curvature along the gradients of N examples (units) leaves for errors. */
export interface CurvatureSample {
  /** |ḡ|² and tr Σ. */
  readonly gradNormSq: number;
  readonly traceCovariance: number;
  /** ḡᵀHḡ */
  readonly gHg: number;
  /** 2⟨gₙ, Hḡ⟩ + ḡᵀHₙḡ [N]: but for a constant, by how much example n raises ḡᵀHḡ, times N. */
  readonly influence: ArrayLike<number>;
  /** tr(HΣ) */
  readonly trace: CovarianceTrace;
}

/** Errors of the estimates of the local model; null where they are not known. */
export interface CurvatureErrors {
  readonly gHg: EstimateError | null;
  readonly traceHessianCovariance: EstimateError | null;
  readonly epsMax: EstimateError | null;
  readonly deltaLossMax: EstimateError | null;
  /** Its `interval` is null where tr(HΣ) is not known to be positive: the sign of B_noise is not known then. */
  readonly bNoise: { readonly stderr: number; readonly interval: EstimateError['interval'] | null } | null;
}

/**
 * Jackknife errors over the examples of ḡᵀHḡ, tr(HΣ), ε_max, ΔL_max and B_noise. Without example n, |ḡ|² and tr Σ are exact, and to
 * first order in 1/N
 *
 *   ḡᵀHḡ: less (2⟨uₙ, Hḡ⟩ + ḡᵀHₙḡ − ḡᵀHḡ)/(N − 1),   tr(HΣ): less zₙ/(N − 1)  (`CovarianceTraceSpread`)
 *
 * the gradient's and the Hessian's own change, both. A standard error is that of the number as it is computed from these
 * examples; probes add theirs.
 *
 * An interval is of the true gradient's and Hessian's number. ḡᵀHḡ is larger than GᵀHG by tr(HΣ)/N on average, and |ḡ|² than |G|² by tr Σ/N,
 * so that their intervals, and those of ε_max and ΔL_max, are about what is left without these, and not about the
 * number itself where N is small:
 * - GᵀHG and 1/B_noise as averages of squares (`squareInterval`), the latter inverted, as B_simple's;
 * - tr(HΣ) less the bias that H and Σ have from being of the same examples (`scaleInterval`);
 * - ε_max as a ratio (`ratioInterval`), open where GᵀHG is not known to be positive;
 * - ΔL_max symmetrically on the scale of its root |G|²/√(2GᵀHG), which grows as |G| does; [0, ∞) where GᵀHG < 0.
 */
export function curvatureErrors(sample: CurvatureSample, left: readonly LeftOut[]): CurvatureErrors {
  const { gradNormSq, traceCovariance, gHg, influence, trace } = sample;
  const { spread, value: traceH } = trace;
  const N = left.length;
  const mean = Array.from(influence).reduce((sum, value) => sum + value, 0) / N;
  const without = left.map((each, n) => {
    const [form, traceOfOthers] = [
      gHg - (influence[n]! - mean) / (N - 1),
      traceH - spread.influence[n]! / (N - 1),
    ];
    return {
      plain: { gradNormSq: each.gradNormSq, gHg: form },
      traceH: traceOfOthers,
      normSq: each.gradNormSq - each.traceCovariance / (N - 1),
      gHg: form - traceOfOthers / (N - 1),
    };
  });
  const all = { normSq: gradNormSq - traceCovariance / N, gHg: gHg - traceH / N };
  /** @param byTrace the statistic's derivative by tr(HΣ), of which the probes know so much */
  const error = (of: (one: (typeof without)[number]) => number, byTrace = 0): StandardError | null =>
    withProbes(jackknifeError(without.map(of)), byTrace ** 2 * spread.probeVariance, trace.probes);

  const ofForm = error((one) => one.plain.gHg);
  const ofForms = error((one) => one.gHg, 1 / N);
  const ofTrace = error((one) => one.traceH, 1);
  const ofRate = error(({ plain }) => plain.gradNormSq / plain.gHg);
  const ofGain = error(({ plain }) => plain.gradNormSq ** 2 / (2 * plain.gHg));
  const ofScale = error((one) => one.traceH / one.gHg, gHg / all.gHg ** 2);
  const ofInverse = error((one) => one.gHg / one.traceH, gHg / traceH ** 2);
  const traceInterval = ofTrace && scaleInterval(traceH - (spread.own - traceH) / N, ofTrace);
  return {
    gHg:
      ofForm && ofForms
        ? { stderr: ofForm.stderr, interval: squareInterval(all.gHg, traceH / N, ofForms) }
        : null,
    traceHessianCovariance:
      ofTrace && traceInterval ? { stderr: ofTrace.stderr, interval: traceInterval } : null,
    epsMax: ofRate && { stderr: ofRate.stderr, interval: rateInterval() },
    deltaLossMax: ofGain && { stderr: ofGain.stderr, interval: gainInterval() },
    bNoise:
      ofScale && ofInverse && traceInterval
        ? {
            stderr: ofScale.stderr,
            interval:
              traceInterval[0] > 0
                ? invertedInterval(...squareInterval(all.gHg / traceH, 1 / N, ofInverse)).interval
                : null,
          }
        : null,
  };

  function covariances() {
    const [norms, forms] = [without.map((one) => one.normSq), without.map((one) => one.gHg)];
    return {
      numerator: covariance(norms, norms),
      both: covariance(norms, forms),
      denominator: covariance(forms, forms) + spread.probeVariance / N ** 2,
      freedom: Math.min(ofForms?.freedom ?? 1, jackknifeError(norms)?.freedom ?? 1),
    };
  }

  function rateInterval(): EstimateError['interval'] {
    return ratioInterval(all.normSq, all.gHg, covariances());
  }

  function gainInterval(): EstimateError['interval'] {
    if (!(all.gHg > 0)) return [0, null];
    const { numerator, both, denominator, freedom } = covariances();
    const root = all.normSq / Math.sqrt(2 * all.gHg);
    // The derivatives of |G|²/√(2GᵀHG) by its two parts.
    const [byNorm, byForm] = [1 / Math.sqrt(2 * all.gHg), -root / (2 * all.gHg)];
    const square = byNorm ** 2 * numerator + 2 * byNorm * byForm * both + byForm ** 2 * denominator;
    const [low, high] = symmetricInterval(root, { stderr: Math.sqrt(Math.max(0, square)), freedom });
    return [Math.max(0, low) ** 2, Math.max(0, high) ** 2];
  }
}

/** The error of independent parts together (Welch 1947 on their degrees of freedom). */
function withProbes(error: StandardError | null, variance: number, probes: number): StandardError | null {
  if (!error || variance === 0) return error;
  const ofExamples = error.stderr ** 2;
  const all = ofExamples + variance;
  const freedom = all ** 2 / (ofExamples ** 2 / error.freedom + variance ** 2 / (probes - 1));
  return Number.isFinite(all) ? { stderr: Math.sqrt(all), freedom: Math.max(1, freedom) } : null;
}

/** The jackknife's covariance of two statistics, from their values without each example. */
function covariance(a: readonly number[], b: readonly number[]): number {
  const N = a.length;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / N;
  const [meanA, meanB] = [mean(a), mean(b)];
  return ((N - 1) / N) * a.reduce((sum, value, n) => sum + (value - meanA) * (b[n]! - meanB), 0);
}
