import { jvp } from '../../autograd/jvp.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { isCoupled } from '../../nn/isCoupled.ts';
import { read } from '../../ops/leaf.ts';
import { reshape } from '../../ops/reshape.ts';
import { append } from '../../ops/state/append.ts';
import { mean } from '../../ops/sum.ts';
import { type MicroBatch, Pass, type Point, unitsOf } from '../pass.ts';

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
  return Scope.within(async (scope) => {
    const state = (label: string, count: number): State =>
      scope.own(new State(gpu, { label, shape: [count] }));
    const v = state('direction', point.layout.length);
    const each = state('directional derivatives', unitsOf(point));
    v.write(direction);
    const trace = ({ graph, theta, losses, unitCounters }: MicroBatch): void => {
      const [tangent] = jvp([losses], [[theta, read(graph, v)]]);
      if (tangent) append(each, oneUnit ? reshape(mean(tangent), [1]) : tangent, unitCounters);
    };
    const pass = scope.own(await Pass.open(gpu, 'directional derivatives', point, trace));
    await pass.run();
    return each.read();
  });
}
