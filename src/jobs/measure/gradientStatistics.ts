import type { Dataset } from '../../data/dataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { GradientHistogram } from '../../measure/gradient/gradientHistogram.ts';
import { meanRatioErrors } from '../../measure/gradient/meanRatioErrors.ts';
import { type Point, unitsOf } from '../../measure/pass.ts';
import { gradientSignalToNoise, QUANTILES } from '../../measure/statistics/gradientSignalToNoise.ts';
import { gradientTestErrors } from '../../measure/statistics/gradientTestErrors.ts';
import type { GradientSample } from '../../measure/statistics/leaveOneOut.ts';
import { samplingCriteria } from '../../measure/statistics/samplingCriteria.ts';
import { signalToNoiseErrors } from '../../measure/statistics/signalToNoiseErrors.ts';
import type { JobEvent } from '../jobEvent.ts';
import type { PointFound } from './measurePoint.ts';
import type { MeasureSettings } from './measureSpec.ts';

/** An estimate and its standard error over examples (units); null for what is no finite number. */
interface Measured {
  readonly value: number | null;
  readonly stderr: number | null;
}

/** What was asked for of the gradients' tests, signal-to-noise ratio and histograms: null where there are none. */
export interface GradientStatistics {
  gradientTests?: { readonly [K in 'norm' | 'innerProduct' | 'orthogonality']: Measured } | null;
  signalToNoise?: {
    readonly overall: Measured;
    readonly overallUnbiased: Measured;
    readonly mean: Measured;
    readonly meanUnbiased: Measured;
    readonly quantiles: readonly { readonly quantile: number; readonly value: number | null }[];
    readonly silent: number;
    readonly evidence: Measured;
  } | null;
  gradientHistogram?: {
    readonly range: readonly [number, number];
    readonly bins: number;
    /** [bins] by parameter. */
    readonly layers: Readonly<Record<string, readonly number[]>>;
    readonly notFinite: number;
    /** The same in rows of the parameter's value, [rows][bins]. */
    readonly byParameter?: {
      readonly range: readonly [number, number];
      readonly bins: number;
      readonly layers: Readonly<Record<string, readonly (readonly number[])[]>>;
    };
  } | null;
}

/**
 * Measures what the spec asks for of the gradients of single examples (units), in passes of its own over the data.
 * @param sample with its `covarianceDots` where the tests are asked for; null where there is no covariance
 */
export async function* gradientStatistics(
  gpu: Gpu,
  point: Point,
  spec: MeasureSettings,
  dataset: Dataset,
  { along, histogram }: Pick<PointFound, 'along' | 'histogram'>,
  sample: GradientSample | null,
): AsyncGenerator<JobEvent, GradientStatistics, void> {
  const made: GradientStatistics = {};
  if (spec.tests) made.gradientTests = sample && tests(sample);
  if (spec.signal_to_noise) {
    yield { type: 'phase', phase: 'measuring the signal-to-noise ratio' };
    const { mean, centredSquares } = along;
    made.signalToNoise =
      sample && centredSquares
        ? await signalToNoise(gpu, point, dataset, { mean, centredSquares }, sample)
        : null;
  }
  if (spec.histogram !== undefined) made.gradientHistogram = histogram && counts(point, histogram);
  return made;
}

function measured(value: number | null, stderr: number | null): Measured {
  return { value, stderr };
}

function tests(sample: GradientSample): GradientStatistics['gradientTests'] {
  const [found, errors] = [samplingCriteria(sample), gradientTestErrors(sample)];
  return {
    norm: measured(found.norm, errors.norm),
    innerProduct: measured(found.innerProduct, errors.innerProduct),
    orthogonality: measured(found.orthogonality, errors.orthogonality),
  };
}

async function signalToNoise(
  gpu: Gpu,
  point: Point,
  dataset: Dataset,
  moments: { readonly mean: Float32Array; readonly centredSquares: Float32Array },
  sample: GradientSample,
): Promise<GradientStatistics['signalToNoise']> {
  const units = unitsOf(point);
  const found = gradientSignalToNoise(point.layout, { ...moments, examples: units });
  const whole = signalToNoiseErrors(sample);
  const ofMean = await meanRatioErrors(gpu, point, dataset, moments);
  return {
    overall: measured(found.overall, whole.overall),
    overallUnbiased: measured(found.overallUnbiased, whole.overallUnbiased),
    mean: measured(found.mean, ofMean.mean),
    meanUnbiased: measured(found.meanUnbiased, ofMean.meanUnbiased),
    quantiles: QUANTILES.map((quantile, i) => ({ quantile, value: found.quantiles[i] ?? null })),
    silent: found.silent,
    evidence: measured(found.evidence, ofMean.meanUnbiased === null ? null : units * ofMean.meanUnbiased),
  };
}

function counts(
  point: Point,
  { gradient, parameter, counts: found, notFinite }: GradientHistogram,
): GradientStatistics['gradientHistogram'] {
  const rows = found.map((all) =>
    Array.from({ length: parameter?.count ?? 1 }, (_, row) => [
      ...all.subarray(row * gradient.count, (row + 1) * gradient.count),
    ]),
  );
  const byName = <T>(of: readonly T[]): Record<string, T> =>
    Object.fromEntries(point.layout.entries.map(({ name }, i) => [name, of[i]!]));
  const alone = rows.map((all) => all.reduce((sum, row) => sum.map((count, i) => count + row[i]!)));
  return {
    range: [gradient.from, gradient.to],
    bins: gradient.count,
    layers: byName(alone),
    notFinite,
    ...(parameter
      ? {
          byParameter: {
            range: [parameter.from, parameter.to] as const,
            bins: parameter.count,
            layers: byName(rows),
          },
        }
      : {}),
  };
}
