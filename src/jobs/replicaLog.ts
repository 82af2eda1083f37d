import { RunningNoiseScale, twoBatchNoise } from '../measure/noiseScale.ts';
import { temperature } from '../measure/sgdNoise.ts';
import type { Reading } from './reading.ts';
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
    const { norms, ...rest } = step;
    const reading: Reading = { ...rest, temperature: temperature(step.learningRate, step.batchSize) };
    if (!norms) return reading;
    const measured = { ...reading, ...this.#noiseOf(norms, step.batchSize, measuring) };
    this.measured.push(measured);
    return measured;
  }

  #noiseOf(
    norms: NonNullable<StepReading['norms']>,
    batchSize: number,
    { smallBatch, names }: { readonly smallBatch: number; readonly names: readonly string[] },
  ): Partial<Reading> {
    const total = (key: 'gradNormSq' | 'smallNormSq'): number => norms.reduce((sum, p) => sum + p[key], 0);
    const gradNormSq = total('gradNormSq');
    // A batch no larger than the sub-batches shows no covariance.
    if (batchSize <= smallBatch) return { gradNormSq };
    const noise = (small: number, big: number): ReturnType<typeof twoBatchNoise> =>
      twoBatchNoise({ batchSize: smallBatch, normSq: small }, { batchSize, normSq: big });
    const whole = noise(total('smallNormSq'), gradNormSq);
    this.#noise.add(whole);
    const { bSimple } = this.#noise;
    const layers = norms.map((p, i) => {
      const layer = noise(p.smallNormSq, p.gradNormSq);
      const { traceCovariance, bSimple: layerNoise } = layer;
      return [names[i]!, { gradNormSq: p.gradNormSq, traceCovariance, bSimple: layerNoise }] as const;
    });
    return { ...whole, bSimple, bSimpleResolved: bSimple !== null, layers: Object.fromEntries(layers) };
  }
}
