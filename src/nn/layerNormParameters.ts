import { type ModelSpec, stateDictLayout } from './modelSpec.ts';

/** Names of the weights and biases of a model's LayerNorms, those within Transformer layers too; in the state dict's order. */
export function layerNormParameters(model: ModelSpec): string[] {
  const within = (name: string): boolean => /(^|\.)norm[12]\.(weight|bias)$/.test(name);
  return stateDictLayout(model)
    .filter(({ layer, name }) => {
      const { type } = model.layers[layer]!;
      return type === 'LayerNorm' || (type === 'TransformerEncoderLayer' && within(name));
    })
    .map(({ name }) => name);
}
