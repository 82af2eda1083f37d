import { dot64, type Estimate } from '../../measure/estimate.ts';
import type { GradientSample } from '../../measure/leaveOneOut.ts';
import { noiseErrors } from '../../measure/noiseErrors.ts';
import { gradientNoise } from '../../measure/noiseScale.ts';
import { type Point, unitsOf } from '../../measure/pass.ts';
import { partValues } from '../flatValues.ts';
import type { Moments } from './moments.ts';

/**
 * The keys that every measurement has (interfaces, §3), by what was measured.
 * @param sample null where there is no covariance
 * @param products H times the gradient first
 * @param traceHessianCovariance null where there is no covariance
 */
export function measureResult(
  point: Point,
  moments: Moments,
  sample: GradientSample | null,
  products: readonly Float32Array[],
  traceHessianCovariance: Estimate | null,
  exact: boolean,
): object {
  const { layout, examples, context, ghostBatch } = point;
  const units = unitsOf(point);
  const gHg = dot64(moments.mean, products[0]!);
  const errors = sample && noiseErrors(sample);
  const whole = summary(moments.mean, moments.centredSquares, units);
  return {
    mode: context.mode,
    examples: examples.examples,
    ...(ghostBatch === undefined ? {} : { ghostBatch, units }),
    parameters: layout.entries.reduce((total, { elements }) => total + elements, 0),
    loss: meanOverUnits(moments.perExampleLoss, ghostBatch ?? 1),
    perExampleLoss: [...moments.perExampleLoss],
    gradNormSq: whole.gradNormSq,
    perExampleGradNormSq: moments.perExampleGradNormSq && [...moments.perExampleGradNormSq],
    traceCovariance: whole.traceCovariance,
    traceCovarianceStderr: errors?.traceCovariance ?? null,
    gradNormSqUnbiased: whole.gradNormSqUnbiased,
    gradNormSqUnbiasedStderr: errors?.gradNormSqUnbiased ?? null,
    bSimple: whole.bSimple,
    bSimpleStderr: errors?.bSimple ?? null,
    bSimpleResolved: (whole.gradNormSqUnbiased ?? 0) > 0,
    gHg,
    traceHessianCovariance: traceHessianCovariance?.value ?? null,
    ...(traceHessianCovariance && !exact
      ? { traceHessianCovarianceStderr: traceHessianCovariance.stderr }
      : {}),
    bNoise: traceHessianCovariance
      ? ratio(traceHessianCovariance.value, gHg - traceHessianCovariance.value / units)
      : null,
    epsMax: ratio(whole.gradNormSq, gHg),
    deltaLossMax: ratio(whole.gradNormSq ** 2, 2 * gHg),
    layers: Object.fromEntries(
      layout.entries.map((entry, i) => {
        const { gradNormSq, traceCovariance, bSimple } = summary(
          partValues(layout, moments.mean, i),
          moments.centredSquares && partValues(layout, moments.centredSquares, i),
          units,
        );
        return [entry.name, { gradNormSq, traceCovariance, bSimple }];
      }),
    ),
  };
}

interface Summary {
  readonly gradNormSq: number;
  readonly traceCovariance: number | null;
  readonly gradNormSqUnbiased: number | null;
  readonly bSimple: number | null;
}

/** Norm and covariance of a part of the gradient; in float64, from float32 coordinates. */
function summary(mean: Float32Array, centredSquares: Float32Array | null, examples: number): Summary {
  const gradNormSq = dot64(mean, mean);
  if (examples < 2 || !centredSquares) {
    return {
      gradNormSq,
      traceCovariance: null,
      gradNormSqUnbiased: null,
      bSimple: null,
    };
  }
  return gradientNoise(gradNormSq, sum64(centredSquares) / (examples - 1), examples);
}

/** Null only for a zero denominator. */
function ratio(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator;
}

function sum64(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The mean over units of b examples, the last one of what is left, of their means. */
function meanOverUnits(losses: Float32Array, b: number): number {
  const units = Math.ceil(losses.length / b);
  return (
    Array.from({ length: units }, (_, u) => losses.subarray(u * b, (u + 1) * b)).reduce(
      (total, unit) => total + sum64(unit) / unit.length,
      0,
    ) / units
  );
}
