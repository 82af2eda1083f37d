import type { LayerSpec, ModelSpec } from './modelSpec.ts';

/** The layers of a model on one line, as PyTorch names them: "Linear(64, 128) → ReLU → Linear(128, 10)". */
export function describeLayers({ layers }: ModelSpec): string {
  return layers.map((layer) => `${layer.type}${argumentsOf(layer)}`).join(' → ');
}

/** What tells a layer from another of its type, as its constructor takes it. */
function argumentsOf(layer: LayerSpec): string {
  const size = ([height, width]: readonly number[]): string => `${height}×${width}`;
  switch (layer.type) {
    case 'Linear':
      return `(${layer.in_features}, ${layer.out_features})`;
    case 'Conv2d':
      return `(${layer.in_channels}, ${layer.out_channels}, ${size(layer.kernel_size)})`;
    case 'MaxPool2d':
    case 'AvgPool2d':
      return `(${size(layer.kernel_size)})`;
    case 'BatchNorm1d':
    case 'BatchNorm2d':
      return `(${layer.num_features})`;
    case 'LayerNorm':
      return `(${layer.normalized_shape.join('×')})`;
    case 'Embedding':
      return `(${layer.num_embeddings}, ${layer.embedding_dim})`;
    case 'LearnedPositions':
      return `(${layer.length}, ${layer.embedding_dim})`;
    case 'TransformerEncoderLayer':
      return `(${layer.d_model}, ${layer.nhead}, ${layer.dim_feedforward}${layer.causal ? ', causal' : ''})`;
    case 'Dropout':
      return `(${layer.p})`;
    default:
      return '';
  }
}
