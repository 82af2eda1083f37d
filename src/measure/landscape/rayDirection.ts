import { parameterLayout } from '../../nn/forward.ts';
import { type ModelSpec, stateDictLayout } from '../../nn/modelSpec.ts';
import { normalOf } from '../../random/normal.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import { normOf } from './flatGeometry.ts';

/** Which of the directions of a seed. */
export interface RayOf {
  readonly seed: number;
  readonly ray: number;
  readonly filterNormalised: boolean;
}

/**
 * A random direction, flat by the model's parameters: Gaussian, then uniform on the unit sphere by its norm, or filter-normalised:
 * d ← |θ_f|/|d_f| · d for each filter f, a row of a Linear's weight or an output channel of a Conv2d's, and 0 for biases and norm layers
 * (Li et al. 2018, equation 1).
 * @param theta the solution, flat
 */
export function rayDirection(model: ModelSpec, theta: Float32Array, of: RayOf): Float32Array {
  const { entries, length } = parameterLayout(model);
  const drawn = new Float64Array(length);
  for (const { offset, elements } of entries) {
    for (let at = offset; at < offset + elements; at++) {
      drawn[at] = normalOf(threefry2x32(of.seed, purpose.rays, at, of.ray));
    }
  }
  if (!of.filterNormalised) {
    const norm = normOf(drawn);
    return Float32Array.from(drawn, (value) => value / norm);
  }
  const direction = new Float32Array(length);
  const hasFilters = filterWeights(model);
  for (const { name, shape, offset, elements } of entries) {
    if (!hasFilters.has(name)) continue;
    const width = elements / shape[0]!;
    for (let begin = offset; begin < offset + elements; begin += width) {
      const filter = drawn.subarray(begin, begin + width);
      const factor = normOf(theta.subarray(begin, begin + width)) / normOf(filter);
      direction.set(
        filter.map((value) => factor * value),
        begin,
      );
    }
  }
  return direction;
}

/** Names of the parameters that are made of filters. */
function filterWeights(model: ModelSpec): ReadonlySet<string> {
  const weights = stateDictLayout(model).filter(({ layer, shape }) => {
    const { type } = model.layers[layer]!;
    return (type === 'Linear' || type === 'Conv2d') && shape.length > 1;
  });
  return new Set(weights.map(({ name }) => name));
}
