import { jvp } from '../../autograd/jvp.ts';
import type { Gpu } from '../../gpu/device.ts';
import { isCoupled } from '../../nn/isCoupled.ts';
import { fill } from '../../ops/fill.ts';
import type { Tensor } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { measureOver } from '../measureOver.ts';
import type { Point } from '../pass.ts';
import type { Quantity } from '../quantity.ts';
import type { TracedBatch } from '../tracedBatch.ts';

/** ⟨gᵤ, v⟩ of every unit of a batch: the derivative of its mean loss along v, one forward pass of tangents. [units] */
export function unitSlopes(batch: TracedBatch, direction: Tensor): Tensor {
  const [tangent] = jvp([batch.losses], [[batch.theta, direction]]);
  return batch.ofUnits(tangent ?? fill(batch.graph, 0, [batch.examples]));
}

/** ⟨gₙ, v⟩ of every example, or unit. @param direction flat [P], zero between the tensors */
export function slopesOf(direction: Float32Array): Quantity<Float32Array> {
  return {
    given: { direction },
    trace(batch) {
      const { gathering, graph, layout } = batch;
      const v = read(graph, gathering.memory('direction', { shape: [layout.length] }));
      const slopes = gathering.rows('slopes', unitSlopes(batch, v), 'units');
      return { values: (later) => ({ slopes: slopes.in(later) }) };
    },
    read: ({ slopes }) => slopes as Float32Array,
  };
}

/**
 * ⟨gₙ, v⟩ of every example: the derivative of its own loss along v, one forward pass of tangents, whatever the layers; no
 * per-example gradient is formed. Equal to the Gram form (XXᵀ)∘(ΔΔᵀ)·1/N where v is the mean gradient, at N times less. With
 * ghost batches, of every unit's mean loss.
 * @param direction flat [P], zero between the tensors
 * @returns [N], or [units]
 * @throws where BatchNorm in train mode couples the examples, so that they have no gradients of their own, and they are no
 *   ghost batches
 */
export async function directionalDerivatives(
  gpu: Gpu,
  point: Point,
  direction: Float32Array,
): Promise<Float32Array> {
  if (isCoupled(point) && point.ghostBatch === undefined) {
    throw new Error('BatchNorm in train mode couples the examples; measure in eval mode, or ghost batches');
  }
  return (await measureOver(gpu, point, { slopes: slopesOf(direction) })).slopes;
}
