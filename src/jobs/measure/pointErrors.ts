import type { Dataset } from '../../data/dataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { AlongGradient } from '../../measure/curvature/alongGradient.ts';
import { leaveGroupsOut } from '../../measure/gradient/leaveGroupsOut.ts';
import { type Point, unitsOf } from '../../measure/pass.ts';
import { type CurvatureErrors, curvatureErrors } from '../../measure/statistics/curvatureErrors.ts';
import { dot64 } from '../../measure/statistics/estimate.ts';
import { type GradientSample, type LeftOut, leaveOneOut } from '../../measure/statistics/leaveOneOut.ts';
import { type NoiseErrors, noiseErrors } from '../../measure/statistics/noiseErrors.ts';
import type { PointFound } from './measurePoint.ts';

/** Errors of a point's statistics over examples (units). */
export interface PointErrors {
  readonly noise: NoiseErrors;
  /** Null where float32 does not tell how the examples' gradients differ along another vector. */
  readonly curvature: CurvatureErrors | null;
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
  dataset: Dataset,
  { along, covarianceTrace: trace }: Pick<PointFound, 'along' | 'covarianceTrace'>,
  sample: GradientSample | null,
): Promise<PointErrors | null> {
  const { mean, product, centredSquares, influence } = along;
  const units = unitsOf(point);
  if (!sample || !trace || !centredSquares || !influence || units < 3) return null;
  const whole = { gradNormSq: sample.gradNormSq, traceCovariance: sample.traceCovariance, units };
  const left = leaveOneOut(sample);
  if (left) {
    const gHg = dot64(mean, product);
    return {
      noise: noiseErrors(whole, left),
      curvature: curvatureErrors({ ...whole, gHg, influence, trace }, left),
    };
  }
  const groups: LeftOut[] = [];
  for await (const others of leaveGroupsOut(gpu, point, dataset, { mean, centredSquares })) {
    const sum = (values: ArrayLike<number>, of: (value: number) => number): number =>
      Array.from(values).reduce((total, value) => total + of(value), 0);
    groups.push({
      examples: others.examples,
      gradNormSq: sum(others.mean, (m) => m * m),
      traceCovariance: sum(others.centredSquares, (squares) => squares) / (others.examples - 1),
      alongCovariance: Number.NaN,
    });
  }
  return { noise: noiseErrors(whole, groups), curvature: null };
}
