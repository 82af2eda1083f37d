import type { Gpu } from '../gpu/device.ts';
import type { AlongGradient } from './curvature/alongGradient.ts';
import { leaveGroupsOut } from './gradient/leaveGroupsOut.ts';
import { type Point, unitsOf } from './pass.ts';
import type { CovarianceTrace } from './statistics/covarianceTrace.ts';
import { type CurvatureErrors, curvatureErrors } from './statistics/curvatureErrors.ts';
import { dot64 } from './statistics/dot64.ts';
import { type GradientSample, type LeftOut, leaveOneOut } from './statistics/leaveOneOut.ts';
import { type NoiseErrors, noiseErrors } from './statistics/noiseErrors.ts';

/** Errors of a point's statistics over examples (units). */
export interface PointErrors {
  readonly noise: NoiseErrors;
  /** Null where it was not measured, or float32 does not tell how the examples' gradients differ along another vector. */
  readonly curvature: CurvatureErrors | null;
  /** They are by groups of examples, since float32 does not tell how single ones differ. */
  readonly grouped: boolean;
}

/** What standard errors over examples (units) take; null where there is no covariance. */
export function gradientSample(along: AlongGradient): GradientSample | null {
  const { mean, centredSquares, perExampleGradNormSq: normSq, dots, covarianceDots } = along;
  if (!centredSquares || !normSq || !dots || dots.length < 2) return null;
  return {
    gradNormSq: dot64(mean, mean),
    traceCovariance: centredSquares.reduce((sum, squares) => sum + squares, 0) / (dots.length - 1),
    normSq,
    dots,
    ...(covarianceDots ? { covarianceDots } : {}),
  };
}

/**
 * Errors over the examples (units), by leaving out one after the other in closed form; where they differ by less than float32
 * tells of their norms, by leaving out groups of them, whose moments are centred.
 * @returns null for fewer than three examples (units)
 */
export async function pointErrors(
  gpu: Gpu,
  point: Point,
  {
    along,
    covarianceTrace: trace,
    sample,
  }: {
    readonly along: AlongGradient;
    readonly covarianceTrace: CovarianceTrace | null;
    readonly sample: GradientSample | null;
  },
): Promise<PointErrors | null> {
  const { mean, product, centredSquares, influence } = along;
  const units = unitsOf(point);
  if (!sample || !centredSquares || units < 3) return null;
  const whole = { gradNormSq: sample.gradNormSq, traceCovariance: sample.traceCovariance, units };
  const left = leaveOneOut(sample);
  if (left) {
    return {
      noise: noiseErrors(whole, left),
      curvature:
        product && influence && trace
          ? curvatureErrors({ ...whole, gHg: dot64(mean, product), influence, trace }, left)
          : null,
      grouped: false,
    };
  }
  const groups: LeftOut[] = [];
  for await (const others of leaveGroupsOut(gpu, point, { mean, centredSquares })) {
    const sum = (values: ArrayLike<number>, of: (value: number) => number): number =>
      Array.from(values).reduce((total, value) => total + of(value), 0);
    groups.push({
      examples: others.examples,
      gradNormSq: sum(others.mean, (m) => m * m),
      traceCovariance: sum(others.centredSquares, (squares) => squares) / (others.examples - 1),
      alongCovariance: Number.NaN,
    });
  }
  return { noise: noiseErrors(whole, groups), curvature: null, grouped: true };
}
