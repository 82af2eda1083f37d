import type { Gpu } from '../gpu/device.ts';
import { dot64, type Estimate } from './estimate.ts';
import { gradientMoments } from './gradientMoments.ts';
import { estimateTrace } from './hessianTrace.ts';
import type { LocalModel } from './localModel.ts';
import { CurvatureOperator } from './operator.ts';
import type { Point } from './pass.ts';
import { estimateTraceCovariance } from './traceHessianCovariance.ts';

/** The local model of a point, its examples taken as the whole population: Σ has divisor N. */
export interface MeasuredLocalModel {
  readonly local: LocalModel;
  readonly traceHessianCovarianceStderr: number;
  readonly traceCovariance: number;
  /** tr H; null where no probes were asked for. */
  readonly traceHessian: Estimate | null;
  readonly loss: number;
}

/**
 * |G|² and GᵀHG exactly, tr(HΣ) by random signs, tr H by Hutchinson's, over a point's examples. Batches drawn from them with
 * replacement have covariance Σ/B, and the model's predictions are for those.
 * @throws RangeError for fewer than two examples
 */
export async function measureLocalModel(
  gpu: Gpu,
  point: Point,
  {
    probes,
    traceProbes,
    seed,
  }: { readonly probes: number; readonly traceProbes: number; readonly seed: number },
): Promise<MeasuredLocalModel> {
  const N = point.examples.examples;
  const moments = await gradientMoments(gpu, point);
  const hessian = await CurvatureOperator.open(gpu, point, 4);
  try {
    const [product] = await hessian.times([moments.mean]);
    const noise = await estimateTraceCovariance(gpu, point, hessian, { probes, seed });
    const traceHessian =
      traceProbes > 0 ? await estimateTrace(gpu, hessian, { probes: traceProbes, seed }) : null;
    const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
    // The estimate is of the sample covariance, divisor N − 1.
    const population = (N - 1) / N;
    return {
      local: {
        gradNormSq: dot64(moments.mean, moments.mean),
        gHg: dot64(moments.mean, product!),
        traceHessianCovariance: population * noise.value,
      },
      traceHessianCovarianceStderr: population * noise.stderr!,
      traceCovariance: sum(moments.centredSquares) / N,
      traceHessian,
      loss: sum(moments.perExampleLoss) / N,
    };
  } finally {
    hessian.dispose();
  }
}
