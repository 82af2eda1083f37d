import type { LayerSpec } from './modelSpec.ts';

type Layer<T extends LayerSpec['type']> = Extract<LayerSpec, { type: T }>;

/** Layers one after the other, as torch.nn.Sequential takes them. */
export function sequential(...layers: LayerSpec[]): LayerSpec[] {
  return layers;
}

/** y = x·Wᵀ + b, as torch.nn.Linear; weight [outputs, inputs]. */
export function linear(inputs: number, outputs: number, { bias = true } = {}): Layer<'Linear'> {
  return { type: 'Linear', in_features: inputs, out_features: outputs, bias };
}

export function relu(): Layer<'ReLU'> {
  return { type: 'ReLU' };
}

export function tanh(): Layer<'Tanh'> {
  return { type: 'Tanh' };
}

export function sigmoid(): Layer<'Sigmoid'> {
  return { type: 'Sigmoid' };
}

/** x·Φ(x) exactly, or its form with tanh. */
export function gelu({ approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}): Layer<'GELU'> {
  return { type: 'GELU', approximate };
}

export function flatten(): Layer<'Flatten'> {
  return { type: 'Flatten' };
}
