import { add } from '../ops/add.ts';
import { avgPool2d } from '../ops/avgPool2d.ts';
import { broadcastRows } from '../ops/broadcast.ts';
import { axisOneView, placesView, rowsView } from '../ops/channelView.ts';
import { conv2d } from '../ops/conv2d.ts';
import { dropout } from '../ops/dropout.ts';
import { embedding } from '../ops/embedding.ts';
import type { FlatLayout } from '../ops/flat.ts';
import { flatLayout } from '../ops/flat.ts';
import { gelu } from '../ops/gelu.ts';
import { geluTanh } from '../ops/geluTanh.ts';
import { size, type Tensor } from '../ops/graph.ts';
import { maxPool2d } from '../ops/maxPool2d.ts';
import { normalize } from '../ops/normalize.ts';
import { relu } from '../ops/relu.ts';
import { reshape } from '../ops/reshape.ts';
import { scaleShift } from '../ops/scaleShift.ts';
import { sigmoid } from '../ops/sigmoid.ts';
import { tanh } from '../ops/tanh.ts';
import { purpose } from '../random/purpose.ts';
import { batchNormalize } from './batchNorm.ts';
import { type Drop, encoderLayer, encoderParameters } from './encoderLayer.ts';
import type { ForwardContext } from './forwardContext.ts';
import { linearOver } from './linearOver.ts';
import { type LayerSpec, type ModelSpec, stateDictLayout } from './modelSpec.ts';

/** Where each parameter of a model lies in the flat vector, by its state-dict name, in that order. */
export function parameterLayout(model: ModelSpec): FlatLayout {
  return flatLayout(stateDictLayout(model).filter(({ kind }) => kind === 'parameter'));
}

/**
 * Applies a model to a batch. x [B, …] → outputs [B, K], or of sequences [B, T, K].
 * @param parameters in the order of `parameterLayout`
 * @param from apply this layer and those after it only; x is what it takes, `parameters` are theirs
 * @throws if BatchNorm is to use running statistics, in eval mode, and the context holds none
 */
export function forward(
  model: ModelSpec,
  parameters: readonly Tensor[],
  x: Tensor,
  context: ForwardContext,
  from = 0,
): Tensor {
  let next = 0;
  return model.layers.slice(from).reduce((h, layer, i) => {
    const index = from + i;
    switch (layer.type) {
      case 'Linear': {
        const weight = parameters[next++]!;
        return linearOver(h, weight, layer.bias ? parameters[next++]! : null);
      }
      case 'Conv2d': {
        const weight = parameters[next++]!;
        return conv2d(h, weight, layer.bias ? parameters[next++]! : null, layer);
      }
      case 'ReLU':
        return relu(h);
      case 'Tanh':
        return tanh(h);
      case 'Sigmoid':
        return sigmoid(h);
      case 'GELU':
        return layer.approximate === 'tanh' ? geluTanh(h) : gelu(h);
      case 'MaxPool2d':
        return maxPool2d(h, layer.kernel_size, layer);
      case 'AvgPool2d':
        return avgPool2d(h, layer.kernel_size, layer);
      case 'Flatten':
        return reshape(h, [h.shape[0]!, size(h.shape.slice(1))]);
      case 'BatchNorm1d':
      case 'BatchNorm2d': {
        const view = axisOneView(h.shape);
        const y = batchNormalize(model, index, layer, h, context);
        return scaleShift(y, parameters[next++]!, parameters[next++]!, view);
      }
      case 'LayerNorm': {
        const axes = layer.normalized_shape.length;
        const { y } = normalize(h, rowsView(h.shape, axes), layer.eps);
        if (!layer.elementwise_affine) return y;
        const weight = parameters[next++]!;
        const bias = layer.bias ? parameters[next++]! : null;
        return scaleShift(y, weight, bias, placesView(h.shape, axes));
      }
      case 'Dropout':
        return dropOf(h, layer.p, context, index);
      case 'Embedding':
        return embedding(parameters[next++]!, h);
      case 'LearnedPositions':
        return add(h, broadcastRows(parameters[next++]!, h.shape[0]!));
      case 'TransformerEncoderLayer': {
        const own = parameters.slice(next, next + encoderParameters(layer));
        next += own.length;
        const drop: Drop = (x, part) => dropOf(x, layer.dropout, context, index, part);
        return encoderLayer(h, layer, own, layer.dropout > 0 && drops(context) ? drop : null);
      }
      default:
        throw new Error(`layer ${(layer satisfies never as LayerSpec).type} has no kernels`);
    }
  }, x);
}

/** Whether Dropout drops anything. */
function drops({ mode, random }: ForwardContext): boolean {
  return mode !== 'eval' && random !== undefined;
}

/** What Dropout leaves of a tensor: one for each part of a layer that has several, of its own stream. */
function dropOf(x: Tensor, p: number, { mode, random }: ForwardContext, layer: number, part = 0): Tensor {
  if (mode === 'eval' || !random) return x;
  return dropout(x, p, { ...random, purpose: purpose.dropout + layer + purpose.dropoutPart * part });
}
