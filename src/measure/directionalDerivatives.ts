import { jvp } from '../autograd/jvp.ts';
import type { Gpu } from '../gpu/device.ts';
import { State } from '../gpu/state.ts';
import { append } from '../ops/append.ts';
import { read } from '../ops/leaf.ts';
import { isCoupled, Pass, type Point } from './pass.ts';

/**
 * ⟨gₙ, v⟩ of every example: the derivative of its own loss along v, one forward pass of tangents, whatever the layers; no
 * per-example gradient is formed. Equal to the Gram form (XXᵀ)∘(ΔΔᵀ)·1/N where v is the mean gradient, at N times less.
 * @param direction flat [P], zero between the tensors
 * @returns [N]
 * @throws where BatchNorm in train mode couples the examples, so that they have no gradients of their own
 */
export async function directionalDerivatives(
  gpu: Gpu,
  point: Point,
  direction: Float32Array,
): Promise<Float32Array> {
  if (isCoupled(point)) throw new Error('BatchNorm in train mode couples the examples; measure in eval mode');
  const v = new State(gpu, { label: 'direction', shape: [point.layout.length] });
  const each = new State(gpu, { label: 'directional derivatives', shape: [point.examples.examples] });
  v.write(direction);
  const pass = await Pass.open(
    gpu,
    'directional derivatives',
    point,
    ({ graph, theta, losses, counters }) => {
      const [tangent] = jvp([losses], [[theta, read(graph, v)]]);
      if (tangent) append(each, tangent, counters);
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
