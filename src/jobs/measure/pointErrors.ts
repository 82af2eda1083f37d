import type { Dataset } from '../../data/dataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import { gradientCurvature } from '../../measure/curvature/gradientCurvature.ts';
import { leaveGroupsOut } from '../../measure/gradient/leaveGroupsOut.ts';
import { type Point, unitsOf } from '../../measure/pass.ts';
import type { CovarianceTrace } from '../../measure/statistics/covarianceTrace.ts';
import { type CurvatureErrors, curvatureErrors } from '../../measure/statistics/curvatureErrors.ts';
import { dot64 } from '../../measure/statistics/estimate.ts';
import { type GradientSample, type LeftOut, leaveOneOut } from '../../measure/statistics/leaveOneOut.ts';
import { type NoiseErrors, noiseErrors } from '../../measure/statistics/noiseErrors.ts';
import type { Moments } from './moments.ts';

/** Errors of a point's statistics over examples (units). */
export interface PointErrors {
  readonly noise: NoiseErrors;
  /** Null where float32 does not tell how the examples' gradients differ along another vector. */
  readonly curvature: CurvatureErrors | null;
}

/**
 * Errors over the examples (units), by leaving out one after the other in closed form; where they differ by less than float32
 * tells of their norms, by leaving out groups of them, whose moments are centred.
 * @param product H times the mean gradient
 * @returns null for fewer than three examples (units)
 */
export async function pointErrors(
  gpu: Gpu,
  point: Point,
  dataset: Dataset,
  { mean, centredSquares }: Moments,
  sample: GradientSample | null,
  { product, trace }: { readonly product: Float32Array; readonly trace: CovarianceTrace | null },
): Promise<PointErrors | null> {
  const units = unitsOf(point);
  if (!sample || !trace || !centredSquares || units < 3) return null;
  const whole = { gradNormSq: sample.gradNormSq, traceCovariance: sample.traceCovariance, units };
  const left = leaveOneOut(sample);
  if (left) {
    const influence = await gradientCurvature(gpu, point, mean, product);
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
