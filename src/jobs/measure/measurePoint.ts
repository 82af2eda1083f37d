import type { Gpu } from '../../gpu/device.ts';
import { type AlongGradient, alongGradient } from '../../measure/curvature/alongGradient.ts';
import { covarianceProbes, covarianceTraceBy } from '../../measure/curvature/covarianceProbes.ts';
import { exactCovarianceTrace } from '../../measure/curvature/exactCovarianceTrace.ts';
import { hessianProduct } from '../../measure/curvature/hessianProduct.ts';
import { exactTrace } from '../../measure/curvature/hessianTrace.ts';
import { CurvatureOperator } from '../../measure/curvature/operator.ts';
import { probeWaves } from '../../measure/curvature/probeWaves.ts';
import { traceProbes } from '../../measure/curvature/traceProbes.ts';
import {
  type GradientHistogram,
  gradientHistogramBy,
  requireCountable,
} from '../../measure/gradient/gradientHistogram.ts';
import { measureOver } from '../../measure/measureOver.ts';
import { type Point, unitsOf } from '../../measure/pass.ts';
import type { Quantity } from '../../measure/quantity.ts';
import type { CovarianceTrace } from '../../measure/statistics/covarianceTrace.ts';
import { type Estimate, estimateFrom } from '../../measure/statistics/estimate.ts';
import { isCoupled } from '../../nn/isCoupled.ts';
import type { StateValues } from '../../nn/stateDict.ts';
import { histogramRanges } from './histogramRanges.ts';
import type { MeasureSettings } from './measureSpec.ts';

/** Vectors that are multiplied by the Hessian in one pass over the data, where each example is one of them. */
export const WIDTH = 4;

/** What was measured at a point, but for spectra: null for what was not asked for, or what the units do not have. */
export interface PointFound {
  readonly along: AlongGradient;
  /** H times the vector that was given. */
  readonly hvp: Float32Array | null;
  readonly covarianceTrace: CovarianceTrace | null;
  readonly trace: Estimate | null;
  readonly histogram: GradientHistogram | null;
}

/**
 * Measures all that needs no more than a few looks at the data: together, so that they share the forward passes and what else
 * they have in common. Probes beyond a wave, and what is exact by a product an example or a coordinate, follow.
 * @param vector flat [P], what the Hessian is to be multiplied by
 */
export async function measurePoint(
  gpu: Gpu,
  point: Point,
  spec: MeasureSettings,
  { vector, weights }: { readonly vector: Float32Array | null; readonly weights: StateValues },
): Promise<PointFound> {
  const { layout } = point;
  const { exact, probes, seed, operator } = spec;
  const units = unitsOf(point);
  const hasUnits = !isCoupled(point) || point.ghostBatch !== undefined;
  const hasCovariance = hasUnits && units > 1;
  const counts = spec.histogram !== undefined && hasUnits;
  if (counts) requireCountable(point);
  const waves = exact ? [] : probeWaves(probes, layout);
  const inWave = (i: number) => ({
    covariance: optional(hasCovariance && waves[i], (wave) => covarianceProbes(units, { ...wave, seed })),
    trace: optional(spec.trace && waves[i], (wave) => traceProbes(layout, operator, { ...wave, seed })),
  });
  const { along, hvp, histogram, ...first } = await measureOver(gpu, point, {
    along: alongGradient({ units: hasUnits, covariance: spec.tests && hasCovariance }),
    hvp: optional(vector, hessianProduct),
    histogram: optional(counts, () =>
      gradientHistogramBy((normSq) => histogramRanges(spec, layout, weights, normSq)),
    ),
    ...inWave(0),
  });
  const found = [first];
  for (let i = 1; i < waves.length; i++) found.push(await measureOver(gpu, point, inWave(i)));
  const covariances = found.flatMap(({ covariance }) => covariance ?? []);
  const forms = found.flatMap(({ trace }) => trace ?? []);
  return {
    along,
    hvp,
    histogram,
    covarianceTrace:
      exact && hasCovariance
        ? await withHessian(gpu, point, 'hessian', (hessian) =>
            exactCovarianceTrace(gpu, point, hessian, along.mean),
          )
        : covariances.length > 0
          ? covarianceTraceBy(units, covariances)
          : null,
    trace:
      exact && spec.trace
        ? await withHessian(gpu, point, operator, (matrix) => exactTrace(gpu, matrix))
        : forms.length > 0
          ? estimateFrom(forms)
          : null,
  };
}

const nothing: Quantity<null> = { trace: () => ({}), read: () => null };

/** A quantity, where there is what it takes. */
function optional<T, Found>(
  of: T | false | null | undefined,
  make: (of: T) => Quantity<Found>,
): Quantity<Found | null> {
  return of === false || of === null || of === undefined ? nothing : make(of);
}

async function withHessian<T>(
  gpu: Gpu,
  point: Point,
  kind: MeasureSettings['operator'],
  take: (operator: CurvatureOperator) => Promise<T>,
): Promise<T> {
  const operator = await CurvatureOperator.open(gpu, point, WIDTH, kind);
  try {
    return await take(operator);
  } finally {
    operator.dispose();
  }
}
