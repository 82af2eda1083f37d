import type { CurvatureErrors } from './curvatureErrors.ts';
import type { Estimate } from './estimate.ts';
import { type Measured, measured, type ProbedMeasured } from './measured.ts';

/** Curvature along the mean gradient of N examples (units), and what their noise is to it (McCandlish et al. 2018, §2.2). */
export interface CurvatureNoise {
  /** ḡᵀHḡ */
  readonly gHg: Measured;
  /** tr(HΣ) */
  readonly traceHessianCovariance: ProbedMeasured;
  /** tr(HΣ)/GᵀHG (eq. 2.8): the noise scale, in units. */
  readonly bNoise: ProbedMeasured;
  /** |G|²/GᵀHG (eq. 2.6): the step size that lowers the loss most, without noise. */
  readonly epsMax: Measured;
  /** |G|⁴/(2GᵀHG) (eq. 2.7): by how much. */
  readonly deltaLossMax: Measured;
}

/**
 * The local model's numbers with their errors; null where there is no gHg or no trace, or a denominator is zero.
 * @param of.trace tr(HΣ)
 * @param of.exact whether that is not by probes
 */
export function curvatureNoise(
  {
    gradNormSq,
    gHg,
    trace,
    units,
    exact,
  }: {
    readonly gradNormSq: number;
    readonly gHg: number | null;
    readonly trace: Estimate | null;
    readonly units: number;
    readonly exact: boolean;
  },
  errors: CurvatureErrors | null,
): CurvatureNoise {
  /** GᵀHG without bias, by whose derivative the probes move B_noise. */
  const unbiased = gHg !== null && trace ? gHg - trace.value / units : null;
  const probeStderr = exact ? null : (trace?.stderr ?? null);
  const byTrace = gHg !== null && unbiased ? Math.abs(gHg) / unbiased ** 2 : null;
  return {
    gHg: measured(gHg, errors?.gHg),
    traceHessianCovariance: {
      ...measured(trace?.value ?? null, errors?.traceHessianCovariance),
      probeStderr,
    },
    bNoise: {
      ...measured(unbiased === null ? null : ratio(trace!.value, unbiased), errors?.bNoise),
      probeStderr: probeStderr !== null && byTrace !== null ? byTrace * probeStderr : null,
    },
    epsMax: measured(gHg === null ? null : ratio(gradNormSq, gHg), errors?.epsMax),
    deltaLossMax: measured(gHg === null ? null : ratio(gradNormSq ** 2, 2 * gHg), errors?.deltaLossMax),
  };
}

/** Null only for a zero denominator. */
function ratio(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator;
}
