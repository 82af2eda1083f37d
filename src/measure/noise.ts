import { requireOptions } from '../host/requireOptions.ts';
import { partValues } from '../nn/flatValues.ts';
import type { Measurement } from './measurement.ts';
import {
  noiseReasons,
  notFiniteReasons,
  outsideReasons,
  type Remedies,
  trainedOnReasons,
  unknownErrorReasons,
} from './noiseReasons.ts';
import { withoutNonFinite } from './nonFinite.ts';
import { type Point, unitsOf } from './pass.ts';
import { type NoiseOptions, type PointNoise, pointNoise } from './pointNoise.ts';
import { type CurvatureNoise, curvatureNoise } from './statistics/curvatureNoise.ts';
import { dot64 } from './statistics/dot64.ts';
import { type Measured, measured } from './statistics/measured.ts';
import { gradientNoise } from './statistics/noiseScale.ts';
import { type UnitOrder, unitOrder } from './statistics/unitOrder.ts';

/** Norm and covariance of one parameter's gradient. */
export interface LayerNoise {
  readonly gradNormSq: number;
  readonly traceCovariance: number | null;
  readonly bSimple: number | null;
}

/**
 * Gradient noise and curvature at a point, over N examples, or ghost batches, of the mean gradient ḡ, covariance Σ (divisor N − 1)
 * and Hessian H (McCandlish et al. 2018). What is null has its reason in `warnings`.
 */
export interface Noise extends CurvatureNoise {
  /** Over how many the mean is taken: examples, or ghost batches; 1 where BatchNorm in train mode couples all examples. */
  readonly units: number;
  /** The mean over the units of their mean losses. */
  readonly loss: number;
  /** [examples], in the point's order. */
  readonly perExampleLoss: Float32Array;
  /** |gₙ|² [units]; null where units have no gradients of their own. */
  readonly perExampleGradNormSq: Float32Array | null;
  /** |ḡ|² of these examples, which is no estimate. */
  readonly gradNormSq: number;
  /** tr Σ */
  readonly traceCovariance: Measured;
  /** |ḡ|² − tr Σ/N, unbiased for |G|². */
  readonly gradNormSqUnbiased: Measured;
  /** tr Σ/|G|² (eq. 2.9): the simple noise scale, in units. */
  readonly bSimple: Measured;
  /** Whether the interval of 1/B_simple lies above 0, so that B_simple is known to be finite. */
  readonly bSimpleResolved: boolean;
  /** By parameter. */
  readonly layers: Readonly<Record<string, LayerNoise>>;
  readonly warnings: readonly string[];
}

/** The library's words. */
const WORDS: Remedies = {
  evalMode: "mode: 'eval'",
  ghostBatch: 'ghostBatch',
  probes: 'probes',
  shuffle: 'examples in random order have no such bias',
  intervalOf: (name) => `${name}.interval`,
};

/**
 * Gradient noise and curvature at a point, with errors: the numbers of `basin measure`.
 * @example
 * const { bSimple, bNoise } = await at.measure(noise());
 * @throws RangeError for fewer than two probes
 * @throws InputError, when it is measured, for a loss that is not finite, naming the example
 */
export function noise(options: NoiseOptions = {}): Measurement<Noise> {
  requireOptions('noise', options, ['probes', 'seed', 'exact', 'hessian']);
  const { probes = 16, exact = false, hessian = true } = options;
  if (!(Number.isInteger(probes) && probes >= 2))
    throw new RangeError(`${probes} probes, expected two or more`);
  const measured = pointNoise(options);
  return {
    async *over(at) {
      const { point } = at;
      const found = yield* measured.over(at);
      const { perExampleLoss, perExampleGradNormSq, ...numbers } = noiseOf(point, found, exact);
      const { result, keys } = withoutNonFinite(numbers);
      const { errors } = found;
      const warnings = [
        ...noiseReasons(point, { errors, order: orderOf(point), exact, hessian }, WORDS),
        ...notFiniteReasons(keys),
        ...unknownErrorReasons(errors, (name) => result[name].stderr === null),
        ...outsideReasons((name) => result[name]),
        ...trainedOnReasons(point),
      ];
      return { ...result, perExampleLoss, perExampleGradNormSq, warnings };
    },
  };
}

/** How the order of a point's examples tells in its units, as far as that is known. */
export function orderOf({ ghostBatch, source }: Point): UnitOrder {
  return ghostBatch && source && !source.drawn ? unitOrder(source.targets, ghostBatch) : 'random';
}

/**
 * The numbers of a point, by what was measured; those that are not finite as they are.
 * @param exact whether tr(HΣ) is not by probes
 */
export function noiseOf(
  point: Point,
  { along, covarianceTrace: trace, errors }: PointNoise,
  exact: boolean,
): Omit<Noise, 'warnings'> {
  const { layout, ghostBatch } = point;
  const units = unitsOf(point);
  const gHg = along.product && dot64(along.mean, along.product);
  const whole = summary(along.mean, along.centredSquares, units);
  const { gradNormSq } = whole;
  const noise = errors?.noise;
  return {
    units,
    loss: meanOverUnits(along.perExampleLoss, ghostBatch ?? 1),
    perExampleLoss: along.perExampleLoss,
    perExampleGradNormSq: along.perExampleGradNormSq,
    gradNormSq,
    traceCovariance: measured(whole.traceCovariance, noise?.traceCovariance),
    gradNormSqUnbiased: measured(whole.gradNormSqUnbiased, noise?.gradNormSqUnbiased),
    bSimple: measured(whole.bSimple, noise?.bSimple),
    bSimpleResolved: noise?.bSimple?.resolved ?? false,
    ...curvatureNoise({ gradNormSq, gHg, trace, units, exact }, errors?.curvature ?? null),
    layers: Object.fromEntries(
      layout.entries.map((entry, i) => {
        const of = summary(
          partValues(layout, along.mean, i),
          along.centredSquares && partValues(layout, along.centredSquares, i),
          units,
        );
        const { gradNormSq: normSq, traceCovariance, bSimple } = of;
        return [entry.name, { gradNormSq: normSq, traceCovariance, bSimple }];
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
function summary(mean: Float32Array, centredSquares: Float32Array | null, units: number): Summary {
  const gradNormSq = dot64(mean, mean);
  if (units < 2 || !centredSquares) {
    return { gradNormSq, traceCovariance: null, gradNormSqUnbiased: null, bSimple: null };
  }
  return gradientNoise(gradNormSq, sum64(centredSquares) / (units - 1), units);
}

function sum64(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The mean over units of b examples, the last one of what is left, of their means. */
export function meanOverUnits(losses: Float32Array, b: number): number {
  const units = Math.ceil(losses.length / b);
  return (
    Array.from({ length: units }, (_, u) => losses.subarray(u * b, (u + 1) * b)).reduce(
      (total, unit) => total + sum64(unit) / unit.length,
      0,
    ) / units
  );
}
