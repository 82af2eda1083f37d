import { jvp } from '../../autograd/jvp.ts';
import { fill } from '../../ops/fill.ts';
import type { Tensor } from '../../ops/graph.ts';
import type { TracedBatch } from '../tracedBatch.ts';

/** vᵀHᵤw of every unit of a batch, by its own Hessian: tangents of tangents of one forward pass. [units] */
export function unitForms(batch: TracedBatch, v: Tensor, w: Tensor): Tensor {
  const along = (of: Tensor | null, direction: Tensor): Tensor | null =>
    of && jvp([of], [[batch.theta, direction]])[0]!;
  const form = along(along(batch.losses, v), w);
  return batch.ofUnits(form ?? fill(batch.graph, 0, [batch.examples]));
}
