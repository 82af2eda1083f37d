import { elementCount } from '../host/hostTensor.ts';
import { normalOf } from '../random/normal.ts';
import { purpose } from '../random/purpose.ts';
import { threefry2x32, uniform01 } from '../random/threefry.ts';
import { type LayerSpec, type ModelSpec, type StateTensor, stateDictLayout } from './modelSpec.ts';

/** A tensor of a state dict before training, row-major. */
export interface InitialTensor {
  shape: number[];
  data: Float32Array;
}

/**
 * PyTorch's default initialisation, drawn on the host, so equal on every adapter.
 *
 * Linear and Conv2d: weight and bias from U(−1/√fan_in, 1/√fan_in), which is what `kaiming_uniform_` with a = √5
 * comes to; fan_in = in_features, or in_channels · kernel height · kernel width. BatchNorm and LayerNorm: weight 1,
 * bias 0, running_mean 0, running_var 1, num_batches_tracked 0 (one element). Embedding and learned positions: N(0, 1).
 * A Transformer's attention as torch.nn.MultiheadAttention: in_proj_weight from `xavier_uniform_`, biases 0; its dense layers as Linear.
 *
 * Follows PyTorch's distributions, not its random stream: element e of the t-th tensor of the state dict is drawn
 * by Threefry with key (seed, initialWeights + t) and counter (e, 0).
 *
 * @param seed an integer in [0, 2³²)
 * @returns every tensor of the state dict by name, in its order
 */
export function initialStateDict(model: ModelSpec, seed: number): Map<string, InitialTensor> {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`seed is ${seed}, expected an integer in [0, 2^32)`);
  }
  const tensors = new Map<string, InitialTensor>();
  for (const [index, tensor] of stateDictLayout(model).entries()) {
    const layer = model.layers[tensor.layer] as LayerSpec;
    const data = new Float32Array(elementCount(tensor.shape));
    fillTensor(data, layer, tensor, { seed, index });
    tensors.set(tensor.name, { shape: tensor.shape, data });
  }
  return tensors;
}

/** Where a tensor's random numbers come from: its place in the state dict. */
interface Stream {
  readonly seed: number;
  readonly index: number;
}

function fillTensor(data: Float32Array, layer: LayerSpec, tensor: StateTensor, stream: Stream): void {
  switch (layer.type) {
    case 'Linear':
    case 'Conv2d':
      fillUniform(data, 1 / Math.sqrt(fanIn(layer)), stream);
      break;
    case 'Embedding':
    case 'LearnedPositions':
      fillNormal(data, stream);
      break;
    case 'TransformerEncoderLayer': {
      const bound = encoderBound(layer, tensor.name);
      if (bound === null) data.fill(constantOf(tensor));
      else fillUniform(data, bound, stream);
      break;
    }
    default:
      data.fill(constantOf(tensor));
  }
}

/** Half the width of the interval that a Transformer's tensor is drawn from; null where it begins as a constant. */
function encoderBound(
  { d_model: width, dim_feedforward: hidden }: Extract<LayerSpec, { type: 'TransformerEncoderLayer' }>,
  name: string,
): number | null {
  if (name.endsWith('.in_proj_weight')) return Math.sqrt(6 / (width + 3 * width));
  if (name.endsWith('.out_proj.weight')) return 1 / Math.sqrt(width);
  if (/\.linear1\.\w+$/.test(name)) return 1 / Math.sqrt(width);
  if (/\.linear2\.\w+$/.test(name)) return 1 / Math.sqrt(hidden);
  return null;
}

function fanIn(layer: Extract<LayerSpec, { type: 'Linear' | 'Conv2d' }>): number {
  return layer.type === 'Linear'
    ? layer.in_features
    : layer.in_channels * layer.kernel_size[0] * layer.kernel_size[1];
}

function constantOf(tensor: StateTensor): number {
  return /\.(weight|running_var)$/.test(tensor.name) ? 1 : 0;
}

function fillUniform(data: Float32Array, bound: number, { seed, index }: Stream): void {
  for (let element = 0; element < data.length; element++) {
    const [bits] = threefry2x32(seed, purpose.initialWeights + index, element, 0);
    data[element] = bound * (2 * uniform01(bits) - 1);
  }
}

function fillNormal(data: Float32Array, { seed, index }: Stream): void {
  for (let element = 0; element < data.length; element++) {
    data[element] = normalOf(threefry2x32(seed, purpose.initialWeights + index, element, 0));
  }
}
