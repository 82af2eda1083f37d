import type { Gpu } from '../../gpu/device.ts';
import { covarianceDots } from '../../measure/gradient/covarianceDots.ts';
import { directionalDerivatives } from '../../measure/gradient/directionalDerivatives.ts';
import { type Point, unitsOf } from '../../measure/pass.ts';
import { dot64 } from '../../measure/statistics/estimate.ts';
import type { GradientSample } from '../../measure/statistics/leaveOneOut.ts';
import type { Moments } from './moments.ts';

/**
 * What standard errors over examples (units) take, by a pass of tangents along the mean gradient, and two more for the tests
 * along it. Null where there is no covariance.
 */
export async function gradientSample(
  gpu: Gpu,
  point: Point,
  { mean, centredSquares, perExampleGradNormSq: normSq }: Moments,
  { alongMean }: { readonly alongMean: boolean },
): Promise<GradientSample | null> {
  const units = unitsOf(point);
  if (units < 2 || !centredSquares || !normSq) return null;
  const dots = await directionalDerivatives(gpu, point, mean);
  return {
    gradNormSq: dot64(mean, mean),
    traceCovariance: centredSquares.reduce((sum, squares) => sum + squares, 0) / (units - 1),
    normSq,
    dots,
    ...(alongMean ? { covarianceDots: await covarianceDots(gpu, point, dots) } : {}),
  };
}
