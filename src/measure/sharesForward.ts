import type { LayerSpec, ModelSpec } from '../nn/modelSpec.ts';

/**
 * Layers whose tangents, and tangents of tangents, take nothing of the forward pass but what the step keeps anyway: inputs and outputs of
 * layers, not what a kernel makes and uses up in one go.
 */
const KEPT = new Set<LayerSpec['type']>([
  'Linear',
  'Conv2d',
  'ReLU',
  'Tanh',
  'Sigmoid',
  'MaxPool2d',
  'AvgPool2d',
  'Flatten',
]);

/** Whether tangents of a step's losses leave the step's own kernels, and so its bits, what they are. */
export function sharesForward({ layers }: ModelSpec): boolean {
  return layers.every(({ type }) => KEPT.has(type));
}
