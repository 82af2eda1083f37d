import type { ModelSpec } from '../../nn/modelSpec.ts';
import type { StateValues } from '../../nn/stateDict.ts';

/** A perceptron's first two layers of weights, W₁ [units, inputs] and W₂ [outputs, units]; rectifiers are between them. */
interface TwoLayers {
  readonly first: string;
  readonly second: string;
  readonly units: number;
  readonly inputs: number;
}

function firstTwo(model: ModelSpec): TwoLayers {
  const linear = model.layers.flatMap((layer, i) => (layer.type === 'Linear' ? [{ layer, i }] : []));
  const [one, two] = linear as [(typeof linear)[0], (typeof linear)[0]];
  if (one.layer.bias !== false) throw new RangeError('the layer that is rescaled has a bias');
  return {
    first: `${one.i}.weight`,
    second: `${two.i}.weight`,
    units: one.layer.out_features,
    inputs: one.layer.in_features,
  };
}

/**
 * W₁ times a factor, W₂ over it (Dinh et al. 2017, section 3): since max(0, αz) = α·max(0, z) for α > 0 the outputs stay as they are, to
 * the last bit where the factor is a power of two.
 * @throws RangeError for a model whose first layer has a bias
 */
export function rescaled(model: ModelSpec, weights: StateValues, factor: number): StateValues {
  const { first, second } = firstTwo(model);
  return new Map([
    ...weights,
    [first, (weights.get(first) as Float32Array).map((w) => w * factor)],
    [second, (weights.get(second) as Float32Array).map((w) => w / factor)],
  ]);
}

/** The units between W₁ and W₂ in the opposite order: the same function, and the same minimum but for the names of its coordinates. */
export function reversedUnits(model: ModelSpec, weights: StateValues): StateValues {
  const { first, second, units, inputs } = firstTwo(model);
  const [w1, w2] = [weights.get(first) as Float32Array, weights.get(second) as Float32Array];
  return new Map([
    ...weights,
    [first, w1.map((_, at) => w1[(units - 1 - Math.floor(at / inputs)) * inputs + (at % inputs)]!)],
    [second, w2.map((_, at) => w2[Math.floor(at / units) * units + (units - 1 - (at % units))]!)],
  ]);
}
