import type { Gpu } from '../../gpu/device.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { dot, normSq } from '../../ops/dot.ts';
import { multiply } from '../../ops/multiply.ts';
import { reciprocal } from '../../ops/reciprocal.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { byItself, type Measurement } from '../measurement.ts';
import { type Point, requireOneModel } from '../pass.ts';
import { pointBatch } from '../pointBatch.ts';
import { type Estimate, estimateFrom } from '../statistics/estimate.ts';
import { hessianOf } from './hessianProduct.ts';
import { Samples } from './samples.ts';
import { vectorsAtOnce } from './vectorsAtOnce.ts';

/** Batches that are drawn. */
export interface SharpnessOptions {
  readonly batchSize: number;
  readonly batches: number;
  /** 0 by default. */
  readonly seed?: number;
}

/**
 * Batch sharpness E_B[g_BᵀH_Bg_B/|g_B|²] (Andreyev & Beneventano 2024): the curvature that a step of SGD sees along itself, H_B
 * the Hessian of the batch's own loss. SGD without momentum holds it at 2/ε. The mean over batches drawn with replacement,
 * with its standard error.
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
  { batchSize, batches, seed = 0 }: SharpnessOptions,
): Promise<Estimate> {
  const { examples } = point;
  const width = vectorsAtOnce(point, batches, { batch: batchSize });
  const samples = new Samples(gpu, { width, rounds: Math.ceil(batches / width) });
  try {
    samples.begin(seed);
    const one = await samples.program(`batch sharpness B=${batchSize}`, (graph) => {
      // Each replica draws its own, by the seed and the step, which counts the batches.
      const { counters, seeds } = samples;
      const sampling = { mode: 'iid' as const, examples: examples.examples, seeds, counters };
      const batch = pointBatch(graph, point, sampleIndices(graph, sampling, batchSize));
      const gradient = batch.gradient(batch.meanWeights);
      const curved = dot(gradient, hessianOf(batch)(gradient));
      samples.put(graph, multiply(curved, reciprocal(normSq(gradient))));
    });
    for (let done = 0; done < batches; done += width) await submitAhead(gpu, [one]);
    return estimateFrom(await samples.read(batches));
  } finally {
    samples.dispose();
  }
}
