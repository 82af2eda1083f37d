import { z } from 'zod';
import type { ModelPoint } from '../../measure/modelPoint.ts';
import { noise } from '../../measure/noise.ts';

/** Gradient noise of n examples at a point; plain numbers. */
export interface NoiseAt {
  readonly loss: number;
  readonly examples: number;
  /** |ḡ|² of these examples. */
  readonly gradNormSq: number;
  /** tr Σ, divisor n − 1. */
  readonly traceCovariance: number;
  /** Whether the interval of 1/B_simple of what they are drawn from lies above 0. */
  readonly resolved: boolean;
}

/** The parts of a `NoiseAt` in a file. */
export const noiseAtParts = {
  loss: z.number(),
  examples: z.int().positive(),
  gradNormSq: z.number(),
  traceCovariance: z.number(),
  resolved: z.boolean(),
};

/** Measures all of a point's examples. */
export async function noiseAt(at: ModelPoint): Promise<NoiseAt> {
  const { loss, units, gradNormSq, traceCovariance, bSimpleResolved } = await at.measure(
    noise({ hessian: false }),
  );
  return {
    loss,
    examples: units,
    gradNormSq,
    traceCovariance: traceCovariance.value ?? 0,
    resolved: bSimpleResolved,
  };
}

/** |G|² of what the examples are drawn from, debiased: |ḡ|² − tr Σ/n, which may come out below 0. */
export function populationSignal({ traceCovariance, gradNormSq, examples }: NoiseAt): number {
  return gradNormSq - traceCovariance / examples;
}

/** |G_N|² of the N examples that batches are drawn from, of which these are a part: |ḡ|² − (1/n − 1/N) tr Σ. */
export function trainingSignal(
  { traceCovariance, gradNormSq, examples }: NoiseAt,
  population: number,
): number {
  return gradNormSq - (1 / examples - 1 / population) * traceCovariance;
}

/** tr Σ/|G|² of what the examples are drawn from; null where they do not resolve it. */
export function populationNoiseScale(at: NoiseAt): number | null {
  const signal = populationSignal(at);
  return at.resolved && signal > 0 ? at.traceCovariance / signal : null;
}

/** tr Σ/|G_N|² of N examples, Σ with divisor N; null where |G_N|² is not above 0. */
export function trainingNoiseScale(at: NoiseAt, population: number): number | null {
  const signal = trainingSignal(at, population);
  return signal > 0 ? ((population - 1) / population) * (at.traceCovariance / signal) : null;
}
