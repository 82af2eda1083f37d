import { type ModelSpec, parseModel } from '../../nn/modelSpec.ts';

/** A classifier of images that curvature is timed on. */
export interface CurvatureModel {
  readonly name: string;
  readonly model: ModelSpec;
  /** Of one example. */
  readonly inputShape: readonly number[];
  readonly classes: number;
}

export const CURVATURE_MODELS: readonly CurvatureModel[] = [
  {
    name: 'MLP 784-128-10',
    inputShape: [784],
    classes: 10,
    model: parseModel('bench', {
      layers: [
        { type: 'Linear', in_features: 784, out_features: 128 },
        { type: 'ReLU' },
        { type: 'Linear', in_features: 128, out_features: 10 },
      ],
      loss: 'cross_entropy',
    }),
  },
  {
    name: 'CNN: two 5×5 convolutions of stride 2 to 8 and 24 channels, linear',
    inputShape: [1, 28, 28],
    classes: 10,
    model: parseModel('bench', {
      layers: [
        { type: 'Conv2d', in_channels: 1, out_channels: 8, kernel_size: 5, stride: 2, padding: 2 },
        { type: 'ReLU' },
        { type: 'Conv2d', in_channels: 8, out_channels: 24, kernel_size: 5, stride: 2, padding: 2 },
        { type: 'ReLU' },
        { type: 'Flatten' },
        { type: 'Linear', in_features: 1176, out_features: 10 },
      ],
      loss: 'cross_entropy',
    }),
  },
];
