import { type Point, unitsOf } from '../../measure/pass.ts';
import { dot64 } from '../../measure/statistics/estimate.ts';
import type { Interval } from '../../measure/statistics/interval.ts';
import { gradientNoise } from '../../measure/statistics/noiseScale.ts';
import { partValues } from '../../nn/flatValues.ts';
import type { PointFound } from './measurePoint.ts';
import type { PointErrors } from './pointErrors.ts';

/**
 * The keys that every measurement has (interfaces, §3), by what was measured. `…Stderr` is the standard error of the number that is
 * reported, over the examples (units); `…Interval` the 95 % interval of what it is an estimate of, the true gradient's and Hessian's number: its
 * ends are null at infinity.
 * @param perExampleLoss the examples' losses as in the file; in `along` they are in the order in which they are in units
 * @param errors null where there are none
 * @param exact whether tr(HΣ) is not by probes
 */
export function measureResult(
  point: Point,
  perExampleLoss: Float32Array,
  { along, covarianceTrace: trace }: Pick<PointFound, 'along' | 'covarianceTrace'>,
  errors: PointErrors | null,
  exact: boolean,
): Record<string, unknown> {
  const { layout, examples, context, ghostBatch } = point;
  const units = unitsOf(point);
  const gHg = dot64(along.mean, along.product);
  const whole = summary(along.mean, along.centredSquares, units);
  const noise = errors?.noise;
  const curvature = errors?.curvature;
  return {
    mode: context.mode,
    examples: examples.examples,
    ...(ghostBatch === undefined ? {} : { ghostBatch, units }),
    parameters: layout.entries.reduce((total, { elements }) => total + elements, 0),
    loss: meanOverUnits(along.perExampleLoss, ghostBatch ?? 1),
    perExampleLoss: [...perExampleLoss],
    gradNormSq: whole.gradNormSq,
    perExampleGradNormSq: along.perExampleGradNormSq && [...along.perExampleGradNormSq],
    ...estimate('traceCovariance', whole.traceCovariance, noise?.traceCovariance),
    ...estimate('gradNormSqUnbiased', whole.gradNormSqUnbiased, noise?.gradNormSqUnbiased),
    ...estimate('bSimple', whole.bSimple, noise?.bSimple),
    bSimpleResolved: noise?.bSimple?.resolved ?? false,
    ...estimate('gHg', gHg, curvature?.gHg),
    ...estimate('traceHessianCovariance', trace?.value ?? null, curvature?.traceHessianCovariance),
    ...(trace && !exact ? { traceHessianCovarianceProbeStderr: trace.stderr } : {}),
    ...estimate('bNoise', trace && ratio(trace.value, gHg - trace.value / units), curvature?.bNoise),
    ...estimate('epsMax', ratio(whole.gradNormSq, gHg), curvature?.epsMax),
    ...estimate('deltaLossMax', ratio(whole.gradNormSq ** 2, 2 * gHg), curvature?.deltaLossMax),
    layers: Object.fromEntries(
      layout.entries.map((entry, i) => {
        const { gradNormSq, traceCovariance, bSimple } = summary(
          partValues(layout, along.mean, i),
          along.centredSquares && partValues(layout, along.centredSquares, i),
          units,
        );
        return [entry.name, { gradNormSq, traceCovariance, bSimple }];
      }),
    ),
  };
}

/** A number under its name, with its standard error and interval, null where there are none. */
function estimate(
  name: string,
  value: number | null,
  error: { readonly stderr: number; readonly interval: Interval | null } | null | undefined,
): object {
  return {
    [name]: value,
    [`${name}Stderr`]: error?.stderr ?? null,
    [`${name}Interval`]: error?.interval ?? null,
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
