import type { Gpu } from '../../gpu/device.ts';
import { gradientMoments } from '../gradient/gradientMoments.ts';
import type { Point } from '../pass.ts';
import { dot64 } from '../statistics/dot64.ts';
import type { LocalModel } from '../statistics/localModel.ts';
import { CurvatureOperator } from './operator.ts';
import { estimateTraceCovariance } from './traceHessianCovariance.ts';

/** How it is measured. */
export interface LocalModelOptions {
  /** Random vectors behind tr(HΣ), two or more. */
  readonly probes: number;
  readonly seed: number;
  /** Of the population that the examples are a part of: the examples alone by default. */
  readonly populationExamples?: number;
}

/** The local model of a population at a point: Σ has the population's divisor, G is its mean gradient. */
export interface MeasuredLocalModel {
  readonly local: LocalModel;
  /** Over the probes; nothing of which examples were taken. */
  readonly traceHessianCovarianceStderr: number;
  /** Of B_noise = tr(HΣ)/GᵀHG, likewise, by its linear part: tr(HΣ) may be in both. NaN for a zero denominator. */
  readonly bNoiseProbeStderr: number;
  readonly traceCovariance: number;
  readonly loss: number;
}

/**
 * |G|², GᵀHG and tr(HΣ), the last by random signs, from a point's n examples. Batches drawn with replacement from a population have
 * covariance Σ/B, and the model's predictions are for those.
 *
 * The examples are the population themselves; or, with `populationExamples` M > n, a part of one, drawn without replacement. The
 * part's mean gradient ḡ then has the covariance (1/n − 1/M)S of its own, S the sample covariance, which |ḡ|² and ḡᵀHḡ are too
 * large by: |G|² = |ḡ|² − (1/n − 1/M) tr S, GᵀHG = ḡᵀHḡ − (1/n − 1/M) tr(HS), either of which may come out below 0. H is the
 * part's own: that it is of the same examples as ḡ and S is a bias of order 1/n of GᵀHG and tr(HΣ), which stays.
 * @throws RangeError for fewer than two examples, or a population of fewer than they are
 */
export async function measureLocalModel(
  gpu: Gpu,
  point: Point,
  { probes, seed, populationExamples = point.examples.examples }: LocalModelOptions,
): Promise<MeasuredLocalModel> {
  const N = point.examples.examples;
  if (populationExamples < N) {
    throw new RangeError(`${N} examples of a population of ${populationExamples}`);
  }
  const moments = await gradientMoments(gpu, point);
  const hessian = await CurvatureOperator.open(gpu, point, 4);
  try {
    const [product] = await hessian.times([moments.mean]);
    const noise = await estimateTraceCovariance(gpu, point, hessian, { probes, seed });
    const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
    const sampleTrace = sum(moments.centredSquares) / (N - 1);
    // The sample covariance has divisor N − 1.
    const population = (populationExamples - 1) / populationExamples;
    const excess = 1 / N - 1 / populationExamples;
    const gHg = dot64(moments.mean, product!) - excess * noise.value;
    return {
      local: {
        gradNormSq: dot64(moments.mean, moments.mean) - excess * sampleTrace,
        gHg,
        traceHessianCovariance: population * noise.value,
      },
      bNoiseProbeStderr: Math.abs((population / gHg) * (1 + (excess * noise.value) / gHg)) * noise.stderr!,
      traceHessianCovarianceStderr: population * noise.stderr!,
      traceCovariance: population * sampleTrace,
      loss: sum(moments.perExampleLoss) / N,
    };
  } finally {
    hessian.dispose();
  }
}
