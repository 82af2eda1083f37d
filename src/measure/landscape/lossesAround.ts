import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { isCoupled } from '../../nn/isCoupled.ts';
import { type Point, requireOneModel } from '../pass.ts';
import { AffineSpan } from './affineSpan.ts';
import { keptLayer, SpanBatches } from './spanBatches.ts';
import { SpanLosses } from './spanLosses.ts';

/** Losses over all examples of a point at other points of a span through it. */
export interface LossesAround {
  readonly span: AffineSpan;
  readonly losses: SpanLosses;
  dispose(): void;
}

/**
 * The loss at θ + Σ_k c_k b_k over all examples of a point θ, for as many sets of vectors and coefficients as wanted.
 * @param points at once
 * @param runs of these, whose losses are kept on the device until they are read
 * @throws RangeError for parameters of several replicas
 * @throws where BatchNorm in train mode couples the examples
 */
export async function openLossesAround(
  gpu: Gpu,
  point: Point,
  { directions, points, runs }: { directions: number; points: number; runs: number },
): Promise<LossesAround> {
  if (isCoupled(point)) throw new Error('BatchNorm in train mode couples the examples; measure in eval mode');
  // The points are the programs' replicas; the model is one.
  requireOneModel('the loss along a line', point);
  const { model, layout, theta: origin, examples, context } = point;
  return Scope.make(async (scope) => {
    const unplaced = keptLayer(model, examples, directions)?.parameters ?? 0;
    const span = scope.own(await AffineSpan.open(gpu, { layout, origin, directions, points, unplaced }));
    const batches = scope.own(await SpanBatches.open(gpu, span, { model, examples }));
    const losses = scope.own(await SpanLosses.open(gpu, batches, { context, accuracy: false, runs }));
    return { span, losses, dispose: () => scope.dispose() };
  });
}
