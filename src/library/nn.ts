/**
 * Models as PyTorch's `nn.Sequential`: layers by their names and defaults there, initial weights, the state dict's names and shapes.
 * @module
 */

export { parameterLayout } from '../nn/forward.ts';
export type { GivenTensor, GivenTensors } from '../nn/givenTensors.ts';
export { type InitialTensor, initialStateDict } from '../nn/init.ts';
export * from '../nn/layers.ts';
export {
  type LayerSpec,
  type LossName,
  type ModelSpec,
  parseModel,
  type StateTensor,
  stateDictLayout,
} from '../nn/modelSpec.ts';
export type { StateDictTensor } from '../nn/stateDict.ts';
