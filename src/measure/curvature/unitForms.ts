import { jvp } from '../../autograd/jvp.ts';
import { dot } from '../../ops/dot.ts';
import { fill } from '../../ops/fill.ts';
import type { Tensor } from '../../ops/graph.ts';
import type { TracedBatch } from '../tracedBatch.ts';

/**
 * vᵀHᵤw of every unit of a batch, by its own Hessian: tangents of tangents of one forward pass. [units]
 * @param v and w flat [P], constants also where they are made of θ in the same trace
 */
export function unitForms(batch: TracedBatch, v: Tensor, w: Tensor): Tensor {
  return batch.ofUnits(exampleForms(batch, v, w));
}

/**
 * This batch's part of vᵀHv, a scalar: what a Hessian product's scalar product with v is, without the way back and the weights' gradients
 * that the product takes.
 * @param v flat [P], as for `unitForms`
 */
export function quadraticForm(batch: TracedBatch, v: Tensor): Tensor {
  return dot(batch.meanWeights, exampleForms(batch, v, v));
}

/** Of every example's own loss: [B]. */
function exampleForms(batch: TracedBatch, v: Tensor, w: Tensor): Tensor {
  const [slopes] = jvp([batch.losses], [[batch.theta, v]]);
  const form =
    slopes &&
    jvp(slopes, [
      [batch.theta, w],
      [v, null],
    ]);
  return form ?? fill(batch.graph, 0, [batch.examples]);
}
