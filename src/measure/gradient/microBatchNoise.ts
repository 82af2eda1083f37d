import type { Gpu } from '../../gpu/device.ts';
import { byItself, type Measurement } from '../measurement.ts';
import type { Point } from '../pass.ts';
import { dot64 } from '../statistics/dot64.ts';
import { type BatchErrors, jackknifeErrors } from '../statistics/jackknifeErrors.ts';
import { type GradientNoise, gradientNoise } from '../statistics/noiseScale.ts';
import { unitSpread } from '../statistics/unitSpread.ts';
import { directionalDerivatives } from './directionalDerivatives.ts';
import { gradientMoments } from './gradientMoments.ts';

/** Gradient noise from micro-batches, in units of examples; its errors by the jackknife over micro-batches. */
export interface MicroBatchNoise extends GradientNoise, BatchErrors {
  /** Mean of the micro-batches' losses. */
  readonly loss: number;
  readonly microBatches: number;
}

/**
 * |ḡ|², tr Σ and B_simple from the gradients of micro-batches of b consecutive examples, each a batch of its own: where
 * examples have no gradients of their own, since BatchNorm in train mode normalises by the batch, one such ghost batch
 * stands for one example (McCandlish et al. 2018, appendix A.1, with b for the small batch). ḡ is the mean over them;
 * tr Σ = b·Σ|g_u − ḡ|²/(U − 1), from the moments of ghost batches. Elsewhere it estimates, with more variance, what
 * per-example gradients give.
 *
 * The order of the examples must be as good as random: where classes take turns in it, every micro-batch has them all, and
 * tr Σ lacks what lies between classes. Unlike `gradientMoments`, which makes a shorter unit of them, it leaves out the
 * examples past the last whole micro-batch.
 *
 * The errors rest on |g_u|² − 2⟨g_u, ḡ⟩, float32 numbers: noise below 2⁻²⁴ of |ḡ|² is lost in them, and their rounding
 * counts as noise.
 *
 * The point's own ghost batches are not heeded.
 * @throws RangeError, when it is measured, for fewer than two micro-batches
 */
export function microBatchNoise(microBatch: number): Measurement<MicroBatchNoise> {
  return byItself(({ gpu, point }) => noiseOf(gpu, point, microBatch));
}

async function noiseOf(gpu: Gpu, point: Point, microBatch: number): Promise<MicroBatchNoise> {
  const units = Math.floor(point.examples.examples / microBatch);
  if (units < 2) {
    throw new RangeError(
      `${point.examples.examples} examples make ${units} micro-batches of ${microBatch}, expected two or more`,
    );
  }
  const examples = { ...point.examples, examples: units * microBatch };
  const whole: Point = { ...point, examples, ghostBatch: microBatch };
  const { mean, centredSquares, perExampleGradNormSq, perExampleLoss } = await gradientMoments(gpu, whole);
  const dots = await directionalDerivatives(gpu, whole, mean);
  const traceCovariance = (microBatch * total(centredSquares)) / (units - 1);
  const noise = gradientNoise(dot64(mean, mean), traceCovariance, examples.examples);
  return {
    ...noise,
    ...jackknifeErrors(noise, unitSpread(perExampleGradNormSq, dots), { units, unitSize: microBatch }),
    loss: total(perExampleLoss) / examples.examples,
    microBatches: units,
  };
}

function total(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
