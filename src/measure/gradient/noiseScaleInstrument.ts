import { z } from 'zod';
import type { Instrument, InstrumentKind, ReadAt, Told } from '../instrument.ts';
import type { Schedule } from '../schedule.ts';
import { finiteDataNoise } from '../statistics/effectiveBatchSize.ts';
import { jackknifeErrors, type Units } from '../statistics/jackknifeErrors.ts';
import { type GradientNoise, twoBatchNoise } from '../statistics/noiseScale.ts';
import { noiseScaleInterval } from '../statistics/noiseScaleInterval.ts';
import { RunningNoiseScale } from '../statistics/runningNoiseScale.ts';
import { testsFromSpread } from '../statistics/testsFromSpread.ts';
import type { UnitSpread } from '../statistics/unitSpread.ts';
import { type NoiseStatistics, noiseStatistics } from './noiseStatistics.ts';

/** What is told of a step's noise. */
export interface NoiseScaleOptions {
  /** b: the units are sub-batches of b consecutive examples; 1 for single examples. */
  readonly smallBatch: number;
  /** Also the spread of the units, from which tests of the gradient and standard errors follow. */
  readonly tests: boolean;
  /** By parameter as well. */
  readonly layers: boolean;
}

/**
 * The simple noise scale B_simple = tr Σ/|G|² of a training run (McCandlish et al. 2018, eq. 2.9), from the norms of the batch's
 * mean gradient and of its units' gradients.
 */
export function noiseScaleInstrument(
  options: NoiseScaleOptions,
  schedule: Schedule,
): Instrument<NoiseStatistics> {
  return {
    type: 'noise_scale',
    schedule,
    unitSize: options.smallBatch,
    quantity: noiseStatistics({ tests: options.tests }),
    follow: followNoise(options),
  };
}

/** What there is to tell of a run's noise, step after step: of the newest batch, and of all that were measured. */
export function followNoise(options: NoiseScaleOptions): Instrument<NoiseStatistics>['follow'] {
  return ({ names, sampling }) => {
    const running = new RunningNoiseScale();
    return (found, at) => told(found, at, { ...options, names, running, sampling: sampling(at.step) });
  };
}

function told(
  { norms, spread }: NoiseStatistics,
  { batchSize }: ReadAt,
  {
    smallBatch,
    layers,
    names,
    running,
    sampling,
  }: NoiseScaleOptions & {
    readonly names: readonly string[];
    readonly running: RunningNoiseScale;
    readonly sampling: Parameters<typeof finiteDataNoise>[2] | null;
  },
): Told {
  const total = (key: 'gradNormSq' | 'smallNormSq'): number => norms.reduce((sum, p) => sum + p[key], 0);
  const gradNormSq = total('gradNormSq');
  // A batch no larger than the sub-batches shows no covariance.
  if (batchSize <= smallBatch) return { gradNormSq };
  const sizes = (small: number, big: number) =>
    [
      { batchSize: smallBatch, normSq: small },
      { batchSize, normSq: big },
    ] as const;
  const whole = sizes(total('smallNormSq'), gradNormSq);
  const { bSimple: bSimpleOfBatch, ...ofBatch } = twoBatchNoise(...whole);
  const ofTrainingSet = sampling && finiteDataNoise(...whole, sampling);
  if (ofTrainingSet) running.add(ofTrainingSet);
  const newest = running.newest();
  const byLayer = norms.map((p, i) => {
    const { traceCovariance, bSimple } = twoBatchNoise(...sizes(p.smallNormSq, p.gradNormSq));
    return [names[i]!, { gradNormSq: p.gradNormSq, traceCovariance, bSimpleOfBatch: bSimple }] as const;
  });
  return {
    ...ofBatch,
    gradNormSqOfTrainingSet: ofTrainingSet?.gradNormSqUnbiased ?? null,
    bSimpleOfBatch,
    bSimple: newest?.bSimple ?? null,
    bSimpleStderr: newest?.bSimpleStderr ?? null,
    bSimpleInterval: newest?.bSimpleInterval ?? null,
    bSimpleResolved: newest?.bSimpleResolved ?? false,
    ...(spread &&
      testsOfBatch({ ...ofBatch, bSimple: bSimpleOfBatch }, spread, {
        units: batchSize / smallBatch,
        unitSize: smallBatch,
      })),
    ...(layers ? { layers: Object.fromEntries(byLayer) } : {}),
  };
}

/** What one batch tells of itself: its tests, and the errors of its statistics. */
function testsOfBatch(noise: GradientNoise, spread: UnitSpread, units: Units): Told {
  const tests = testsFromSpread(noise, spread, units);
  const { bSimpleStderr, inverseStderr, ...errors } = jackknifeErrors(noise, spread, units);
  const inverse = noise.gradNormSqUnbiased / noise.traceCovariance;
  const known = noise.traceCovariance > 0 ? inverseStderr : null;
  return {
    ...errors,
    bSimpleOfBatchStderr: bSimpleStderr,
    bSimpleOfBatchInterval: noiseScaleInterval(inverse, known, units.units - 1)?.interval ?? null,
    normTest: tests.norm,
    innerProductTest: tests.innerProduct,
    orthogonalityTest: tests.orthogonality,
  };
}

const options = z.strictObject({
  small_batch: z.int().min(1).default(1),
  tests: z.boolean().default(false),
  layers: z.boolean().default(false),
});

/** The simple noise scale as an instrument. Its curves are those of every reading: see the quantities that are shown. */
export const noiseScale: InstrumentKind<z.output<typeof options>> = {
  type: 'noise_scale',
  options: (given) => options.parse(given),
  make: ({ small_batch: smallBatch, tests, layers }, schedule) =>
    noiseScaleInstrument({ smallBatch, tests, layers }, schedule),
  shown: [],
};
