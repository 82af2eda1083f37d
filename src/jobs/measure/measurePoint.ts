import type { Gpu } from '../../gpu/device.ts';
import { InputError } from '../../host/inputError.ts';
import { showValue } from '../../host/showValue.ts';
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
import type { Instrument, Told } from '../../measure/instrument.ts';
import { instruments } from '../../measure/instruments.ts';
import { measureOver } from '../../measure/measureOver.ts';
import { type Point, unitsOf } from '../../measure/pass.ts';
import type { Quantity } from '../../measure/quantity.ts';
import type { CovarianceTrace } from '../../measure/statistics/covarianceTrace.ts';
import type { FiniteSampling } from '../../measure/statistics/effectiveBatchSize.ts';
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
  /** What was asked for by name: what each tells, by its type. */
  readonly quantities: Readonly<Record<string, Told>>;
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
  const { examples } = point.examples;
  const { exact, probes, seed, operator } = spec;
  const units = unitsOf(point);
  const hasUnits = !isCoupled(point) || point.ghostBatch !== undefined;
  const hasCovariance = hasUnits && units > 1;
  const counts = spec.histogram !== undefined && hasUnits;
  if (counts) requireCountable(point);
  const waves = exact || !(hasCovariance || spec.trace) ? [] : probeWaves(probes, layout);
  const inWave = (i: number) => ({
    covariance: optional(hasCovariance && waves[i], (wave) => covarianceProbes(units, { ...wave, seed })),
    trace: optional(spec.trace && waves[i], (wave) => traceProbes(layout, operator, { ...wave, seed })),
  });
  const asked = askedFor(spec.quantities);
  const { along, hvp, histogram, ...first } = await measureOver(gpu, point, {
    ...Object.fromEntries(asked.map(({ type, quantity }) => [type, quantity])),
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
  const of = { names: layout.entries.map(({ name }) => name), sampling: () => whole(examples) };
  const at = { step: 1, batchSize: examples };
  return {
    along,
    hvp,
    histogram,
    quantities: Object.fromEntries(
      asked.map(({ type, follow }) => [type, follow(of)((first as Record<string, unknown>)[type], at)]),
    ),
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

/** A batch that is all of the data. */
const whole = (examples: number): FiniteSampling => ({ examples, replacement: false });

/** @throws InputError for a type that is no quantity of a data set */
function askedFor(types: readonly string[]): readonly Instrument[] {
  const known = instruments.filter(({ ofData }) => ofData);
  return types.map((type) => {
    const kind = known.find((one) => one.type === type);
    if (kind) return kind.make(kind.options({}), { every: 1 });
    const names = known.map((one) => one.type).join(', ');
    throw new InputError('measure', 'quantities', `has ${showValue(type)}, expected some of ${names}`);
  });
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
