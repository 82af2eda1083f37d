import { expect, test } from 'vitest';
import { describeLayers } from '../../src/nn/describeLayers.ts';
import * as nn from '../../src/nn/layers.ts';

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
