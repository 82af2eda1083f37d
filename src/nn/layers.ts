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

/** max(x, 0), as torch.nn.ReLU. */
export function relu(): Layer<'ReLU'> {
  return { type: 'ReLU' };
}

/** tanh x, as torch.nn.Tanh. */
export function tanh(): Layer<'Tanh'> {
  return { type: 'Tanh' };
}

/** 1/(1 + e⁻ˣ), as torch.nn.Sigmoid. */
export function sigmoid(): Layer<'Sigmoid'> {
  return { type: 'Sigmoid' };
}

/** x·Φ(x) exactly, or its form with tanh. */
export function gelu({ approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}): Layer<'GELU'> {
  return { type: 'GELU', approximate };
}

type Size = number | readonly [height: number, width: number];
interface Window {
  readonly stride?: Size;
  readonly padding?: Size;
}

const both = (size: Size): [number, number] => (typeof size === 'number' ? [size, size] : [...size]);

/** Cross-correlation of images [C, H, W], as torch.nn.Conv2d; weight [outputs, inputs, kernel height, kernel width]. */
export function conv2d(
  inputs: number,
  outputs: number,
  kernelSize: Size,
  { stride = 1, padding = 0, bias = true }: Window & { readonly bias?: boolean } = {},
): Layer<'Conv2d'> {
  return {
    type: 'Conv2d',
    in_channels: inputs,
    out_channels: outputs,
    kernel_size: both(kernelSize),
    stride: both(stride),
    padding: both(padding),
    bias,
  };
}

/** Windows of images, by default side by side. */
export function maxPool2d(
  kernelSize: Size,
  { stride = kernelSize, padding = 0 }: Window = {},
): Layer<'MaxPool2d'> {
  return {
    type: 'MaxPool2d',
    kernel_size: both(kernelSize),
    stride: both(stride),
    padding: both(padding),
  };
}

/** Windows of images, by default side by side; padding counts, as in torch. */
export function avgPool2d(
  kernelSize: Size,
  { stride = kernelSize, padding = 0 }: Window = {},
): Layer<'AvgPool2d'> {
  return {
    type: 'AvgPool2d',
    kernel_size: both(kernelSize),
    stride: both(stride),
    padding: both(padding),
  };
}

interface BatchNormOptions {
  readonly eps?: number;
  /** Share of the newest batch in the running statistics; null for the average over all batches. */
  readonly momentum?: number | null;
}

/** Over vectors [C] or sequences [C, L], as torch.nn.BatchNorm1d. */
export function batchNorm1d(
  features: number,
  { eps = 1e-5, momentum = 0.1 }: BatchNormOptions = {},
): Layer<'BatchNorm1d'> {
  return { type: 'BatchNorm1d', num_features: features, eps, momentum };
}

/** Over images [C, H, W], as torch.nn.BatchNorm2d. */
export function batchNorm2d(
  features: number,
  { eps = 1e-5, momentum = 0.1 }: BatchNormOptions = {},
): Layer<'BatchNorm2d'> {
  return { type: 'BatchNorm2d', num_features: features, eps, momentum };
}

/** Over the last dimensions of each example, as torch.nn.LayerNorm. */
export function layerNorm(
  shape: number | readonly number[],
  { eps = 1e-5, elementwiseAffine = true, bias = true } = {},
): Layer<'LayerNorm'> {
  return {
    type: 'LayerNorm',
    normalized_shape: [shape].flat(),
    eps,
    elementwise_affine: elementwiseAffine,
    bias,
  };
}

/** Drops each element with probability p while training, as torch.nn.Dropout. */
export function dropout(p = 0.5): Layer<'Dropout'> {
  return { type: 'Dropout', p };
}

/** Rows of a table [entries, width] by class indices [N, T], as torch.nn.Embedding; the first layer of a model. */
export function embedding(entries: number, width: number): Layer<'Embedding'> {
  return { type: 'Embedding', num_embeddings: entries, embedding_dim: width };
}

/** Adds a weight [length, width] to each sequence [length, width]. */
export function learnedPositions(length: number, width: number): Layer<'LearnedPositions'> {
  return { type: 'LearnedPositions', length, embedding_dim: width };
}

/** Attention and two dense layers over sequences [N, T, width], as torch.nn.TransformerEncoderLayer with batch_first. */
export function transformerEncoderLayer(
  width: number,
  heads: number,
  {
    feedforward = 2048,
    dropout = 0.1,
    activation = 'relu',
    eps = 1e-5,
    normFirst = false,
    bias = true,
    causal = false,
  }: {
    /** Width between the two dense layers. */
    readonly feedforward?: number;
    readonly dropout?: number;
    readonly activation?: 'relu' | 'gelu';
    /** LayerNorm's. */
    readonly eps?: number;
    /** Normalise before attention and dense layers, not after them. */
    readonly normFirst?: boolean;
    readonly bias?: boolean;
    /** A place sees those before it and itself, not what comes later. */
    readonly causal?: boolean;
  } = {},
): Layer<'TransformerEncoderLayer'> {
  return {
    type: 'TransformerEncoderLayer',
    d_model: width,
    nhead: heads,
    dim_feedforward: feedforward,
    dropout,
    activation,
    layer_norm_eps: eps,
    norm_first: normFirst,
    bias,
    causal,
  };
}

/** [N, …] → [N, …·…]: all of an example in one row, as torch.nn.Flatten. */
export function flatten(): Layer<'Flatten'> {
  return { type: 'Flatten' };
}
