import { ask, type Measurement } from '../measurement.ts';
import { type ParameterVector, requireLayout } from '../parameterVector.ts';
import { requireUnits } from '../requireUnits.ts';
import { slopesOf } from './directionalDerivatives.ts';

/**
 * ⟨gₙ, v⟩ of every example (unit), [units]: the derivative of its own loss along v, by one forward pass of tangents; no gradient of a
 * single example is formed.
 * @throws InputError, when it is measured, for a vector of another model's parameters, and where units have no gradients of
 *   their own
 */
export function slopesAlong(v: ParameterVector): Measurement<Float32Array> {
  return {
    async *over({ point }) {
      requireLayout('slopesAlong', point.layout, v);
      requireUnits('slopesAlong', point);
      return (yield* ask({ slopes: slopesOf(await v.state.read()) })).slopes;
    },
  };
}
