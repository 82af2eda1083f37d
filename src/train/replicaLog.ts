import { type FiniteSampling, finiteDataNoise } from '../measure/statistics/effectiveBatchSize.ts';
import { jackknifeErrors, type Units } from '../measure/statistics/jackknifeErrors.ts';
import { type GradientNoise, twoBatchNoise } from '../measure/statistics/noiseScale.ts';
import { noiseScaleInterval } from '../measure/statistics/noiseScaleInterval.ts';
import { RunningNoiseScale } from '../measure/statistics/runningNoiseScale.ts';
import { temperature } from '../measure/statistics/sgdNoise.ts';
import { testsFromSpread } from '../measure/statistics/testsFromSpread.ts';
import type { UnitSpread } from '../measure/statistics/unitSpread.ts';
import type { FlatLayout } from '../ops/flat.ts';
import type { Reading } from './reading.ts';
import type { StepNoise } from './stepNoise.ts';
import { stepSampling } from './stepSampling.ts';
import type { Replica, StepReading, TrainingOptions } from './trainingRun.ts';

/** A run whose loss or weights are no longer finite. */
export interface Divergence {
  /** The first step at which it showed, counted from 1. */
  readonly step: number;
  readonly reason: string;
}

/** What the readings of a run say of how they came about. */
interface Logging {
  /** Names of the parameters, in the layout's order. */
  readonly names: readonly string[];
  /** The smaller batch size of the statistics. */
  readonly smallBatch: number;
  readonly sampling: (step: number) => FiniteSampling;
}

/** A log for each replica of a run. */
export function replicaLogs({
  options,
  layout,
}: {
  readonly options: TrainingOptions;
  readonly layout: FlatLayout;
}): ReplicaLog[] {
  const logging = {
    names: layout.entries.map(({ name }) => name),
    smallBatch: options.smallBatch ?? 1,
    sampling: stepSampling(options),
  };
  return options.replicas.map(({ settings }) => new ReplicaLog(logging, settings));
}

/** What is kept of one replica while it trains. */
export class ReplicaLog {
  readonly losses: number[] = [];
  readonly measured: Reading[] = [];
  readonly #noise = new RunningNoiseScale();
  readonly #logging: Logging;
  readonly #settings: Replica['settings'];
  diverged: Divergence | null = null;
  /** Whether the divergence has been told. */
  told = false;

  constructor(logging: Logging, settings: Replica['settings']) {
    this.#logging = logging;
    this.#settings = settings;
  }

  /**
   * Takes a step's reading in.
   * @returns what is to be told; null once the replica has diverged
   */
  take(step: StepReading): Reading | null {
    if (this.diverged) return null;
    if (!Number.isFinite(step.loss)) {
      this.diverged = { step: step.step, reason: 'the loss is not finite' };
      return null;
    }
    this.losses.push(step.loss);
    const { norms, spread, ...rest } = step;
    const { learningRate: lr, batchSize } = step;
    const { momentum, dampening } = this.#settings;
    const reading: Reading = { ...rest, temperature: temperature({ lr, batchSize, momentum, dampening }) };
    if (!norms) return reading;
    const measured = { ...reading, ...this.#noiseOf({ norms, spread }, step) };
    this.measured.push(measured);
    return measured;
  }

  #noiseOf({ norms, spread }: StepNoise, { step, batchSize }: StepReading): Partial<Reading> {
    const { smallBatch, names, sampling } = this.#logging;
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
    const ofTrainingSet = finiteDataNoise(...whole, sampling(step));
    if (ofTrainingSet) this.#noise.add(ofTrainingSet);
    const running = this.#noise.newest();
    const layers = norms.map((p, i) => {
      const { traceCovariance, bSimple } = twoBatchNoise(...sizes(p.smallNormSq, p.gradNormSq));
      return [names[i]!, { gradNormSq: p.gradNormSq, traceCovariance, bSimpleOfBatch: bSimple }] as const;
    });
    return {
      ...ofBatch,
      gradNormSqOfTrainingSet: ofTrainingSet?.gradNormSqUnbiased ?? null,
      bSimpleOfBatch,
      bSimple: running?.bSimple ?? null,
      bSimpleStderr: running?.bSimpleStderr ?? null,
      bSimpleInterval: running?.bSimpleInterval ?? null,
      bSimpleResolved: running?.bSimpleResolved ?? false,
      ...(spread &&
        testsOfBatch({ ...ofBatch, bSimple: bSimpleOfBatch }, spread, {
          units: batchSize / smallBatch,
          unitSize: smallBatch,
        })),
      layers: Object.fromEntries(layers),
    };
  }
}

/** What one batch tells of itself: its tests, and the errors of its statistics. */
function testsOfBatch(noise: GradientNoise, spread: UnitSpread, units: Units): Partial<Reading> {
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
