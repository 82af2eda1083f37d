import { expect, test } from 'vitest';
import { describeLayers } from '../../src/nn/describeLayers.ts';
import * as nn from '../../src/nn/layers.ts';

test('the layers of a Transformer', () => {
  const layers = nn.sequential(
    nn.embedding(256, 64),
    nn.learnedPositions(32, 64),
    nn.transformerEncoderLayer(64, 4, { feedforward: 128, causal: true }),
    nn.transformerEncoderLayer(64, 4),
  );
  expect(describeLayers({ layers, loss: 'cross_entropy' })).toBe(
    'Embedding(256, 64) → LearnedPositions(32, 64) → TransformerEncoderLayer(64, 4, 128, causal) → TransformerEncoderLayer(64, 4, 2048)',
  );
});

test('layers on one line, by what tells them apart', () => {
  const layers = nn.sequential(
    nn.conv2d(1, 8, 3),
    nn.batchNorm2d(8),
    nn.relu(),
    nn.maxPool2d([2, 3]),
    nn.flatten(),
    nn.dropout(0.25),
    nn.layerNorm([4, 6]),
    nn.linear(24, 10),
  );
  expect(describeLayers({ layers, loss: 'cross_entropy' })).toBe(
    'Conv2d(1, 8, 3×3) → BatchNorm2d(8) → ReLU → MaxPool2d(2×3) → Flatten → Dropout(0.25) → LayerNorm(4×6) → Linear(24, 10)',
  );
});
