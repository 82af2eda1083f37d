import * as nn from './layers.ts';
import type { LayerSpec } from './modelSpec.ts';

/** Hidden units of a layer for each number of its width, as in Vaswani et al. 2017. */
const FEEDFORWARD = 4;

/** Of a Transformer that learns texts. */
export interface CharacterModel {
  readonly layers: number;
  readonly width: number;
  /** A divisor of the width. */
  readonly heads: number;
  /** The probability with which each layer's Dropouts drop; 0 by default. */
  readonly dropout?: number;
}

/**
 * A causal Transformer for sequences [N, places] of symbols, with logits [N, places, outputs]: embedding with learned positions, layers that
 * are normalised before, of 4·width hidden units (GELU), a LayerNorm, logits.
 */
export function characterModel(
  { places, symbols, outputs = symbols }: { places: number; symbols: number; outputs?: number },
  { layers, width, heads, dropout = 0 }: CharacterModel,
): LayerSpec[] {
  const layer = nn.transformerEncoderLayer(width, heads, {
    feedforward: FEEDFORWARD * width,
    dropout,
    activation: 'gelu',
    normFirst: true,
    causal: true,
  });
  return nn.sequential(
    nn.embedding(symbols, width),
    nn.learnedPositions(places, width),
    ...Array.from({ length: layers }, () => layer),
    nn.layerNorm(width),
    nn.linear(width, outputs),
  );
}
