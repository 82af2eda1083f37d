import type { Gpu } from '../../gpu/device.ts';
import {
  estimateCovarianceTrace,
  exactCovarianceTrace,
} from '../../measure/curvature/covarianceTraceSpread.ts';
import { CurvatureOperator } from '../../measure/curvature/operator.ts';
import type { Point } from '../../measure/pass.ts';
import type { CovarianceTrace } from '../../measure/statistics/covarianceTrace.ts';
import type { MeasureSettings } from './measureSpec.ts';

/** Vectors that are multiplied by the Hessian in one pass over the data. */
export const WIDTH = 4;

/** H·v of some vectors, and tr(HΣ), null where there is no covariance. */
export async function hessianProducts(
  gpu: Gpu,
  point: Point,
  directions: readonly Float32Array[],
  mean: Float32Array,
  { exact, probes, seed, covariance }: MeasureSettings & { covariance: boolean },
): Promise<{ products: readonly Float32Array[]; traceHessianCovariance: CovarianceTrace | null }> {
  const hessian = await CurvatureOperator.open(gpu, point, WIDTH);
  try {
    const products = await hessian.times(directions);
    if (!covariance) return { products, traceHessianCovariance: null };
    const traceHessianCovariance = exact
      ? await exactCovarianceTrace(gpu, point, hessian, mean)
      : await estimateCovarianceTrace(gpu, point, hessian, { probes, seed });
    return { products, traceHessianCovariance };
  } finally {
    hessian.dispose();
  }
}
