import { type GivenTensors, givenTensors } from './givenTensors.ts';
import { matchModules } from './matchModules.ts';
import { type ModelSpec, stateDictLayout } from './modelSpec.ts';
import { loadStateDict, type PlaceHints, type StateValues } from './stateDict.ts';

/** Weights that a program gives, and where among the given tensors they are. */
export interface GivenWeights {
  /**
   * The state dict by name, in PyTorch's shapes: what `data.readSafetensors` or a run's `stateDict` gives, or an object of
   * Float32Arrays.
   */
  readonly weights: GivenTensors;
  /** Only names under it ("module.", "replica.0."), and they without it. */
  readonly weightsPrefix?: string | undefined;
  /** The weights are those of modules of other names, which shapes and order match to the layers. */
  readonly weightsByOrder?: boolean | undefined;
}

const HINTS: PlaceHints = {
  prefix: (found) => `weightsPrefix: ${JSON.stringify(found)}`,
  byOrder: 'weightsByOrder: true',
};

/**
 * A model's state dict, parameters and running statistics, of given tensors.
 * @param what how messages call them
 * @throws InputError for weights that are missing, unknown, of a wrong shape or not finite, by name
 */
export function givenWeights(
  model: ModelSpec,
  { weights, weightsPrefix: prefix, weightsByOrder }: GivenWeights,
  what = 'weights',
): StateValues {
  const layout = stateDictLayout(model);
  const tensors = givenTensors(what, weights, layout, prefix);
  const names = weightsByOrder ? matchModules(what, tensors, layout, prefix) : undefined;
  return loadStateDict(what, tensors, layout, { prefix, names, hints: HINTS });
}
