import type { Gpu } from '../../gpu/device.ts';
import { batchGradient } from '../../measure/gradient/batchGradient.ts';
import { type GradientMoments, gradientMoments } from '../../measure/gradient/gradientMoments.ts';
import type { Point } from '../../measure/pass.ts';
import { isCoupled } from '../../nn/isCoupled.ts';

/** What is known of the gradients over the data; null where examples have none of their own. */
export type Moments = Pick<GradientMoments, 'perExampleLoss' | 'mean'> & {
  readonly [K in 'perExampleGradNormSq' | 'centredSquares']: Float32Array | null;
};

/** Whether units, examples or ghost batches, have gradients of their own. */
function hasUnits(point: Point): boolean {
  return !isCoupled(point) || point.ghostBatch !== undefined;
}

/** Losses and gradient over the data, and the second moments where there are any. */
export async function momentsOf(gpu: Gpu, point: Point): Promise<Moments> {
  if (hasUnits(point)) return await gradientMoments(gpu, point);
  return { ...(await batchGradient(gpu, point)), perExampleGradNormSq: null, centredSquares: null };
}
