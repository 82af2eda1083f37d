import { jvp } from '../autograd/jvp.ts';
import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { append } from '../ops/append.ts';
import { read } from '../ops/leaf.ts';
import { reshape } from '../ops/reshape.ts';
import { mean } from '../ops/sum.ts';
import { isCoupled, Pass, type Point, unitsOf } from './pass.ts';

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
  const oneUnit = point.ghostBatch !== undefined;
  if (isCoupled(point) && !oneUnit) {
    throw new Error('BatchNorm in train mode couples the examples; measure in eval mode, or ghost batches');
  }
  const v = new State(gpu, { label: 'direction', shape: [point.layout.length] });
  const each = new State(gpu, { label: 'directional derivatives', shape: [unitsOf(point)] });
  v.write(direction);
  const pass = await Pass.open(
    gpu,
    'directional derivatives',
    point,
    ({ graph, theta, losses, unitCounters }) => {
      const [tangent] = jvp([losses], [[theta, read(graph, v)]]);
      if (tangent) append(each, oneUnit ? reshape(mean(tangent), [1]) : tangent, unitCounters);
    },
  );
  try {
    await pass.run();
    return await each.read();
  } finally {
    pass.dispose();
    v.dispose();
    each.dispose();
  }
}
