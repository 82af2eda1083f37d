import type { Dataset } from '../../data/dataset.ts';
import * as nn from '../../nn/layers.ts';
import type { LayerSpec } from '../../nn/modelSpec.ts';

/** Of a Transformer that learns texts. */
export interface CharacterModel {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
}

/**
 * A causal Transformer for a text's sequences: embedding with learned positions, layers that are normalised before, of 4·width hidden units
 * (GELU), a LayerNorm, logits.
 */
export function characterModel(
  { exampleShape, symbols }: Pick<Dataset, 'exampleShape' | 'symbols'>,
  { layers, width, heads }: CharacterModel,
): LayerSpec[] {
  const [places] = exampleShape as [number];
  const layer = nn.transformerEncoderLayer(width, heads, {
    feedforward: 4 * width,
    dropout: 0,
    activation: 'gelu',
    normFirst: true,
    causal: true,
  });
  return nn.sequential(
    nn.embedding(symbols!, width),
    nn.learnedPositions(places, width),
    ...Array.from({ length: layers }, () => layer),
    nn.layerNorm(width),
    nn.linear(width, symbols!),
  );
}
