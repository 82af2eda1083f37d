import { type ModelSpec, parseModel } from '../../nn/modelSpec.ts';

/**
 * A small convolutional network with BatchNorm: two convolutions of 3 × 3 and stride 2, each with BatchNorm and ReLU, and a linear layer.
 * @param side of the square images, of one channel
 * @param channels of the first convolution; the second has twice as many
 */
export function swaNet(side: number, channels: number, classes: number): ModelSpec {
  const last = Math.ceil(Math.ceil(side / 2) / 2);
  const block = (from: number, to: number) => [
    {
      type: 'Conv2d',
      in_channels: from,
      out_channels: to,
      kernel_size: 3,
      stride: 2,
      padding: 1,
      bias: false,
    },
    { type: 'BatchNorm2d', num_features: to },
    { type: 'ReLU' },
  ];
  return parseModel('model', {
    layers: [
      ...block(1, channels),
      ...block(channels, 2 * channels),
      { type: 'Flatten' },
      { type: 'Linear', in_features: 2 * channels * last * last, out_features: classes },
    ],
    loss: 'cross_entropy',
  });
}
