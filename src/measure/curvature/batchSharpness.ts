import type { Gpu } from '../../gpu/device.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { dot, normSq } from '../../ops/dot.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { byItself, type Measurement } from '../measurement.ts';
import { type Point, requireOneModel } from '../pass.ts';
import { pointBatch } from '../pointBatch.ts';
import { type Estimate, estimateFrom } from '../statistics/estimate.ts';
import { ratioOfMeans } from '../statistics/ratioOfMeans.ts';
import { hessianOf } from './hessianProduct.ts';
import { Samples } from './samples.ts';
import { vectorsAtOnce } from './vectorsAtOnce.ts';

/** Batches that are drawn. */
export interface SharpnessOptions {
  readonly batchSize: number;
  readonly batches: number;
  /** 0 by default. */
  readonly seed?: number;
  /**
   * `ratios`, the default: the mean of gᵀHg/|g|² over the batches. `means`: E[gᵀHg]/E|g|², which weighs each batch by its |g|². At 2/ε steps leave the loss
   * of their own batches as it is, in the mean and to second order.
   */
  readonly average?: 'ratios' | 'means';
}

/**
 * Batch sharpness E_B[g_BᵀH_Bg_B/|g_B|²] (Andreyev & Beneventano 2024): the curvature that a step of SGD sees along itself, H_B
 * the Hessian of the batch's own loss. SGD without momentum is said to hold it at 2/ε. Over batches drawn with replacement, with its standard
 * error.
 * @param options.batches how many batches are drawn, two or more for a standard error
 * @throws RangeError, when it is measured, for parameters of several replicas
 */
export function batchSharpness(options: SharpnessOptions): Measurement<Estimate> {
  return byItself(
    ({ gpu, point }) => sharpnessOf(gpu, point, options),
    (point) => requireOneModel('batch sharpness', point),
  );
}

async function sharpnessOf(
  gpu: Gpu,
  point: Point,
  { batchSize, batches, seed = 0, average = 'ratios' }: SharpnessOptions,
): Promise<Estimate> {
  const { examples } = point;
  const width = vectorsAtOnce(point, batches, { batch: batchSize });
  const samples = new Samples(gpu, { width, rounds: 2 * Math.ceil(batches / width) });
  try {
    samples.begin(seed);
    const one = await samples.program(`batch sharpness B=${batchSize}`, (graph) => {
      // Each replica draws its own, by the seed and the step, which counts the batches.
      const { counters, seeds } = samples;
      const sampling = { mode: 'iid' as const, examples: examples.examples, seeds, counters };
      const batch = pointBatch(graph, point, sampleIndices(graph, sampling, batchSize));
      const gradient = batch.gradient(batch.meanWeights);
      samples.put(graph, dot(gradient, hessianOf(batch)(gradient)), normSq(gradient));
    });
    for (let done = 0; done < batches; done += width) await submitAhead(gpu, [one]);
    const [curved, normsSq] = (await samples.readParts(batches, 2)) as [number[], number[]];
    return average === 'means'
      ? ratioOfMeans(curved, normsSq)
      : estimateFrom(curved.map((each, i) => each / normsSq[i]!));
  } finally {
    samples.dispose();
  }
}
