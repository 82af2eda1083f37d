import { jvp } from '../../autograd/jvp.ts';
import { fill } from '../../ops/fill.ts';
import type { Tensor } from '../../ops/graph.ts';
import type { TracedBatch } from '../tracedBatch.ts';

/**
 * vᵀHᵤw of every unit of a batch, by its own Hessian: tangents of tangents of one forward pass. [units]
 * @param v and w flat [P], constants also where they are made of θ in the same trace
 */
export function unitForms(batch: TracedBatch, v: Tensor, w: Tensor): Tensor {
  const [slopes] = jvp([batch.losses], [[batch.theta, v]]);
  const form =
    slopes &&
    jvp(slopes, [
      [batch.theta, w],
      [v, null],
    ]);
  return batch.ofUnits(form ?? fill(batch.graph, 0, [batch.examples]));
}
