import { InputError } from '../../host/inputError.ts';
import type { FlatLayout } from '../../ops/flat.ts';
import { lossGradient } from '../gradient/lossGradient.ts';
import { ask, type Measurement } from '../measurement.ts';
import { requireFiniteLosses } from '../requireFiniteLosses.ts';
import { lossRise } from './lossRise.ts';

/**
 * f(θ + ρT²∇f/|T∇f|) − f(θ): what one step of ascent in a ball |T⁻¹d| ≤ ρ brings, f the mean loss over all examples and T diagonal. Null
 * where T∇f is 0 and there is no direction.
 * @param by the measurement, for messages
 * @param scales the diagonal of T for one tensor's parameters, by its name
 */
export function riseOfStep(
  by: string,
  rho: number,
  scales: (name: string, values: Float32Array) => ArrayLike<number>,
): Measurement<number | null> {
  return {
    async *over({ point }) {
      const { layout, theta } = point;
      const { at } = yield* ask({ at: lossGradient });
      requireFiniteLosses(point, at.losses);
      const diagonal = diagonalOf(layout, await theta.read(), scales);
      const length = Math.sqrt(at.gradient.reduce((sum, g, i) => sum + (diagonal[i]! * g) ** 2, 0));
      if (length === 0) return null;
      const displacement = at.gradient.map((g, i) => (rho * diagonal[i]! ** 2 * g) / length);
      const { rise } = yield* ask({ rise: lossRise(displacement) });
      if (Number.isFinite(rise)) return rise;
      const reason = `the loss after a step of ${rho} is no finite number of float32; take a smaller ρ`;
      throw new InputError(by, 'rho', reason);
    },
  };
}

/** Flat [P], zeros between the tensors. */
function diagonalOf(
  { entries, length }: FlatLayout,
  theta: Float32Array,
  scales: (name: string, values: Float32Array) => ArrayLike<number>,
): Float64Array {
  const diagonal = new Float64Array(length);
  for (const { name, offset, elements } of entries) {
    diagonal.set(scales(name, theta.subarray(offset, offset + elements)), offset);
  }
  return diagonal;
}
