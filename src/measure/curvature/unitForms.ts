import { jvp } from '../../autograd/jvp.ts';
import { fill } from '../../ops/fill.ts';
import type { Tensor } from '../../ops/graph.ts';
import type { TracedBatch } from '../tracedBatch.ts';

/** What moves, and its tangent. */
type Moved = readonly (readonly [Tensor, Tensor])[];

/**
 * The second derivative of losses [B] along two directions: tangents of tangents; null where it is zero.
 * @param v and w tangents of the same tensors, constants also where they are made of them in the same trace
 */
export function secondDerivatives(losses: Tensor, v: Moved, w: Moved): Tensor | null {
  const [slopes] = jvp([losses], v);
  if (!slopes) return null;
  const held = v.map(([, tangent]) => [tangent, null] as const);
  return jvp(slopes, [...w, ...held]);
}

/**
 * vᵀHᵤw of every unit of a batch, by its own Hessian: tangents of tangents of one forward pass. [units]
 * @param v and w flat [P], constants also where they are made of θ in the same trace
 */
export function unitForms(batch: TracedBatch, v: Tensor, w: Tensor): Tensor {
  const { graph, theta, losses, examples } = batch;
  const form = secondDerivatives(losses, [[theta, v]], [[theta, w]]);
  return batch.ofUnits(form ?? fill(graph, 0, [examples]));
}
