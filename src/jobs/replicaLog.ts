import { jackknifeErrors, type Units } from '../measure/jackknifeErrors.ts';
import { type GradientNoise, RunningNoiseScale, twoBatchNoise } from '../measure/noiseScale.ts';
import { temperature } from '../measure/sgdNoise.ts';
import { testsFromSpread } from '../measure/testsFromSpread.ts';
import type { UnitSpread } from '../measure/unitSpread.ts';
import type { Reading } from './reading.ts';
import type { StepNoise } from './stepNoise.ts';
import type { StepReading } from './trainingRun.ts';

/** A run whose loss or weights are no longer finite. */
export interface Divergence {
  /** The first step at which it showed, counted from 1. */
  readonly step: number;
  readonly reason: string;
}

/** What is kept of one replica while it trains. */
export class ReplicaLog {
  readonly losses: number[] = [];
  readonly measured: Reading[] = [];
  readonly #noise = new RunningNoiseScale();
  diverged: Divergence | null = null;
  /** Whether the divergence has been told. */
  told = false;

  /**
   * Takes a step's reading in.
   * @param measuring the smaller batch size of the statistics, and the parameters' names in their order
   * @returns what is to be told; null once the replica has diverged
   */
  take(
    step: StepReading,
    measuring: { readonly smallBatch: number; readonly names: readonly string[] },
  ): Reading | null {
    if (this.diverged) return null;
    if (!Number.isFinite(step.loss)) {
      this.diverged = { step: step.step, reason: 'the loss is not finite' };
      return null;
    }
    this.losses.push(step.loss);
    const { norms, spread, ...rest } = step;
    const reading: Reading = { ...rest, temperature: temperature(step.learningRate, step.batchSize) };
    if (!norms) return reading;
    const measured = { ...reading, ...this.#noiseOf({ norms, spread }, step.batchSize, measuring) };
    this.measured.push(measured);
    return measured;
  }

  #noiseOf(
    { norms, spread }: StepNoise,
    batchSize: number,
    { smallBatch, names }: { readonly smallBatch: number; readonly names: readonly string[] },
  ): Partial<Reading> {
    const total = (key: 'gradNormSq' | 'smallNormSq'): number => norms.reduce((sum, p) => sum + p[key], 0);
    const gradNormSq = total('gradNormSq');
    // A batch no larger than the sub-batches shows no covariance.
    if (batchSize <= smallBatch) return { gradNormSq };
    const noise = (small: number, big: number): GradientNoise =>
      twoBatchNoise({ batchSize: smallBatch, normSq: small }, { batchSize, normSq: big });
    const whole = noise(total('smallNormSq'), gradNormSq);
    this.#noise.add(whole);
    const { bSimple, bSimpleStderr } = this.#noise;
    const layers = norms.map((p, i) => {
      const layer = noise(p.smallNormSq, p.gradNormSq);
      const { traceCovariance, bSimple: layerNoise } = layer;
      return [names[i]!, { gradNormSq: p.gradNormSq, traceCovariance, bSimple: layerNoise }] as const;
    });
    return {
      ...whole,
      bSimple,
      bSimpleResolved: bSimple !== null,
      bSimpleStderr,
      ...(spread && ofBatch(whole, spread, { units: batchSize / smallBatch, unitSize: smallBatch })),
      layers: Object.fromEntries(layers),
    };
  }
}

/** What one batch tells of itself: its tests, and the errors of its statistics. */
function ofBatch(noise: GradientNoise, spread: UnitSpread, units: Units): Partial<Reading> {
  const tests = testsFromSpread(noise, spread, units);
  const { bSimpleStderr, ...errors } = jackknifeErrors(noise, spread, units);
  return {
    ...errors,
    bSimpleOfBatch: noise.bSimple,
    bSimpleOfBatchStderr: bSimpleStderr,
    normTest: tests.norm,
    innerProductTest: tests.innerProduct,
    orthogonalityTest: tests.orthogonality,
  };
}
