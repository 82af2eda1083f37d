import { z } from 'zod';
import { InputError } from '../host/inputError.ts';
import { parseJson } from '../host/parseJson.ts';
import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';

// zod would otherwise try `new Function`, which a strict content policy reports as a violation.
z.config({ jitless: true });

const count = z.int().positive();
const nonNegative = z.number().nonnegative();
const flag = z.boolean();

/** A square size as one number, or [height, width]; parsed to [height, width]. */
function sizes(item: z.ZodType<number>) {
  return z.union([item.transform((size): [number, number] => [size, size]), z.tuple([item, item])]);
}
const positiveSizes = sizes(count);
const paddingSizes = sizes(z.int().nonnegative());

/** What messages say was expected, by key. */
const expectations: Record<string, string> = {
  in_features: 'a positive integer',
  out_features: 'a positive integer',
  in_channels: 'a positive integer',
  out_channels: 'a positive integer',
  num_features: 'a positive integer',
  num_embeddings: 'a positive integer',
  embedding_dim: 'a positive integer',
  length: 'a positive integer',
  d_model: 'a positive integer',
  nhead: 'a positive integer',
  dim_feedforward: 'a positive integer',
  dropout: 'a number from 0 to 1',
  activation: '"relu" or "gelu"',
  layer_norm_eps: 'a number of at least 0',
  norm_first: 'true or false',
  causal: 'true or false',
  kernel_size: 'a positive integer, or [height, width] of two',
  stride: 'a positive integer, or [height, width] of two',
  padding: 'an integer of at least 0, or [height, width] of two',
  normalized_shape: 'a positive integer, or a list of them',
  eps: 'a number of at least 0',
  momentum: 'a finite number, or null for the average over all batches',
  p: 'a number from 0 to 1',
  bias: 'true or false',
  elementwise_affine: 'true or false',
  name: 'the name of a module as in "conv1" or "features.0": letters, digits and "_"',
  approximate: '"none" or "tanh"',
};

const pooling = {
  kernel_size: positiveSizes,
  stride: positiveSizes.optional(),
  padding: paddingSizes.default([0, 0]),
};
const batchNorm = {
  num_features: count,
  eps: nonNegative.default(1e-5),
  momentum: z.number().nullable().default(0.1),
};

/**
 * How a layer is called in its model's state dict: "conv1", or "features.0" within other modules. Without one it is its
 * index, as in torch.nn.Sequential.
 */
const moduleName = z.string().regex(/^\w+(\.\w+)*$/);

function layerSchema<T extends string, K extends z.core.$ZodLooseShape>(type: T, keys: K) {
  return z.strictObject({ type: z.literal(type), name: moduleName.optional(), ...keys });
}

/** One record for each layer: PyTorch's argument names and defaults. */
const layerSchemas = {
  Linear: layerSchema('Linear', {
    in_features: count,
    out_features: count,
    bias: flag.default(true),
  }),
  Conv2d: layerSchema('Conv2d', {
    in_channels: count,
    out_channels: count,
    kernel_size: positiveSizes,
    stride: positiveSizes.default([1, 1]),
    padding: paddingSizes.default([0, 0]),
    bias: flag.default(true),
  }),
  ReLU: layerSchema('ReLU', {}),
  Tanh: layerSchema('Tanh', {}),
  Sigmoid: layerSchema('Sigmoid', {}),
  GELU: layerSchema('GELU', {
    approximate: z.enum(['none', 'tanh']).default('none'),
  }),
  MaxPool2d: layerSchema('MaxPool2d', pooling).transform((layer) => ({
    ...layer,
    stride: layer.stride ?? layer.kernel_size,
  })),
  AvgPool2d: layerSchema('AvgPool2d', pooling).transform((layer) => ({
    ...layer,
    stride: layer.stride ?? layer.kernel_size,
  })),
  Flatten: layerSchema('Flatten', {}),
  BatchNorm1d: layerSchema('BatchNorm1d', batchNorm),
  BatchNorm2d: layerSchema('BatchNorm2d', batchNorm),
  LayerNorm: layerSchema('LayerNorm', {
    normalized_shape: z.union([count.transform((size) => [size]), z.array(count).min(1)]),
    eps: nonNegative.default(1e-5),
    elementwise_affine: flag.default(true),
    bias: flag.default(true),
  }),
  Dropout: layerSchema('Dropout', {
    p: z.number().min(0).max(1).default(0.5),
  }),
  Embedding: layerSchema('Embedding', {
    num_embeddings: count,
    embedding_dim: count,
  }),
  LearnedPositions: layerSchema('LearnedPositions', {
    length: count,
    embedding_dim: count,
  }),
  TransformerEncoderLayer: layerSchema('TransformerEncoderLayer', {
    d_model: count,
    nhead: count,
    dim_feedforward: count.default(2048),
    dropout: z.number().min(0).max(1).default(0.1),
    activation: z.enum(['relu', 'gelu']).default('relu'),
    layer_norm_eps: nonNegative.default(1e-5),
    norm_first: flag.default(false),
    bias: flag.default(true),
    causal: flag.default(false),
  }),
};

/** What messages list when a key is not known. */
const layerKeys: Record<LayerType, string> = {
  Linear: 'in_features, out_features, bias, name',
  Conv2d: 'in_channels, out_channels, kernel_size, stride, padding, bias, name',
  ReLU: 'no keys but name',
  Tanh: 'no keys but name',
  Sigmoid: 'no keys but name',
  GELU: 'approximate, name',
  MaxPool2d: 'kernel_size, stride, padding, name',
  AvgPool2d: 'kernel_size, stride, padding, name',
  Flatten: 'no keys but name',
  BatchNorm1d: 'num_features, eps, momentum, name',
  BatchNorm2d: 'num_features, eps, momentum, name',
  LayerNorm: 'normalized_shape, eps, elementwise_affine, bias, name',
  Dropout: 'p, name',
  Embedding: 'num_embeddings, embedding_dim, name',
  LearnedPositions: 'length, embedding_dim, name',
  TransformerEncoderLayer:
    'd_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, norm_first, bias, causal, name',
};

export type LayerType = keyof typeof layerSchemas;
/** One layer, every default filled in; sizes as [height, width]. */
export type LayerSpec = { [T in LayerType]: z.output<(typeof layerSchemas)[T]> }[LayerType];
/** Cross-entropy of logits with class indices or probabilities, or the mean squared error over every element, as torch's. */
export type LossName = 'cross_entropy' | 'mse';

/** A model as model.json describes it: torch.nn.Sequential of these layers, and the loss of one example. */
export interface ModelSpec {
  layers: LayerSpec[];
  loss: LossName;
}

/** One tensor of the state dict. Parameters and running statistics are float32, num_batches_tracked is int64. */
export interface StateTensor {
  name: string;
  shape: number[];
  kind: 'parameter' | 'buffer';
  dtype: 'F32' | 'I64';
  layer: number;
}

const layerNames = Object.keys(layerSchemas) as LayerType[];
const topLevelKeys = ['layers', 'loss'];
const losses: LossName[] = ['cross_entropy', 'mse'];

/**
 * Parses and checks a model.
 *
 * @param file how messages name the model, usually its path
 * @param source the file's bytes or text, or the JSON value itself (a model written inline in train.json)
 * @throws InputError for text that is no JSON; an unknown layer; an unknown, missing or mistyped key. The item is
 *   the layer by index and type, the reason what was found and what was expected.
 */
export function parseModel(file: string, source: unknown): ModelSpec {
  const isText = typeof source === 'string' || source instanceof Uint8Array;
  const model = isText ? parseJson(file, 'model', source) : source;
  if (!isRecord(model)) {
    throw new InputError(
      file,
      'model',
      `found ${showValue(model)}, expected an object with "layers" and "loss"`,
    );
  }
  for (const key of Object.keys(model)) {
    if (!topLevelKeys.includes(key)) {
      throw new InputError(file, 'model', `unknown key "${key}", expected "layers" and "loss"`);
    }
  }
  const { layers, loss } = model;
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new InputError(file, 'layers', `found ${showValue(layers)}, expected a list of at least one layer`);
  }
  // A layer's typo before what is missing beside the layers: the model was meant to have both right.
  const read = layers.map((layer, index) => parseLayer(file, layer, index));
  if (!losses.includes(loss as LossName)) {
    throw new InputError(file, 'loss', `found ${showValue(loss)}, expected "cross_entropy" or "mse"`);
  }
  const parsed: ModelSpec = { layers: read, loss: loss as LossName };
  requireNames(file, parsed);
  return parsed;
}

/** What begins the names that a run's file gives to averages and replicas, and torch's averaged models to their count. */
const RESERVED = ['swa', 'ema', 'lawa', 'swag', 'swagVariance', 'replica', 'n_averaged'];

/** The names of the state dict must tell layers, averages and replicas apart. */
function requireNames(file: string, model: ModelSpec): void {
  const taken = new Map<string, number>();
  for (const [index, { type, name }] of model.layers.entries()) {
    const refuse = (reason: string): InputError => new InputError(file, layerItem(type, index), reason);
    const module = moduleOf(model, index);
    const before = taken.get(module);
    if (before !== undefined) throw refuse(`is called "${module}" in the state dict, as layer ${before} is`);
    taken.set(module, index);
    const first = name?.split('.', 1)[0];
    if (first !== undefined && RESERVED.includes(first)) {
      throw refuse(`"name" is ${showValue(name)}, expected none that begins with ${RESERVED.join(', ')}`);
    }
  }
}

/** How a layer is called in the model's state dict: its name, or its index. */
function moduleOf({ layers }: ModelSpec, index: number): string {
  return layers[index]?.name ?? String(index);
}

/** A tensor of a layer by its name in the model's state dict: "0.weight", or "conv1.weight" of a layer with that name. */
export function tensorName(model: ModelSpec, layer: number, tensor: string): string {
  return `${moduleOf(model, layer)}.${tensor}`;
}

function parseLayer(file: string, layer: unknown, index: number): LayerSpec {
  if (!isRecord(layer)) {
    const call = typeof layer === 'function' ? '; a layer is what it returns: relu()' : '';
    const reason = `found ${showValue(layer)}, expected an object with a "type"${call}`;
    throw new InputError(file, `layer ${index}`, reason);
  }
  const { type } = layer;
  if (!layerNames.includes(type as LayerType)) {
    const item = typeof type === 'string' ? `layer ${index} (${type})` : `layer ${index}`;
    const found = type === undefined ? 'missing key "type"' : `unknown layer ${showValue(type)}`;
    throw new InputError(file, item, `${found}, expected one of ${layerNames.join(', ')}`);
  }
  const name = type as LayerType;
  const item = layerItem(name, index);
  const parsed = layerSchemas[name].safeParse(layer);
  if (!parsed.success) {
    const issue = parsed.error.issues[0] as z.core.$ZodIssue;
    if (issue.code === 'unrecognized_keys') {
      throw new InputError(file, item, `unknown key "${issue.keys[0]}", expected ${layerKeys[name]}`);
    }
    const key = String(issue.path[0]);
    const expected = expectations[key];
    throw new InputError(
      file,
      item,
      key in layer
        ? `"${key}" is ${showValue(layer[key])}, expected ${expected}`
        : `missing key "${key}", expected ${expected}`,
    );
  }
  const result: LayerSpec = parsed.data;
  if (result.type === 'TransformerEncoderLayer' && result.d_model % result.nhead !== 0) {
    throw new InputError(
      file,
      item,
      `"nhead" is ${result.nhead}, expected a divisor of d_model = ${result.d_model}`,
    );
  }
  if (result.type === 'MaxPool2d' || result.type === 'AvgPool2d') {
    const [kernelHeight, kernelWidth] = result.kernel_size;
    const [padHeight, padWidth] = result.padding;
    if (2 * padHeight > kernelHeight || 2 * padWidth > kernelWidth) {
      const limit = showShape(result.kernel_size.map((size) => Math.floor(size / 2)));
      throw new InputError(
        file,
        item,
        `"padding" is ${showShape(result.padding)}, expected at most half of kernel_size, ${limit}`,
      );
    }
  }
  return result;
}

/**
 * The shapes that one example takes through the model: entry 0 is the input, entry i + 1 the output of layer i,
 * the batch axis left out. Linear acts on the trailing dimension, as in PyTorch; images are [C, H, W], sequences [T, D]. An
 * Embedding comes first and takes class indices [T].
 *
 * @param inputShape shape of one example, [784] or [1, 28, 28]
 * @param file how messages name the model
 * @throws InputError if a layer cannot take the shape before it, or the loss the last one: the item is the layer
 *   by index and type, the reason what came in and what was expected.
 */
export function inferShapes(
  model: ModelSpec,
  inputShape: readonly number[],
  file = 'model.json',
): number[][] {
  const shapes = [[...inputShape]];
  for (const [index, layer] of model.layers.entries()) {
    const input = shapes[index] as number[];
    const refuse = (expected: string): InputError =>
      new InputError(file, layerItem(layer.type, index), `came in ${showShape(input)}, expected ${expected}`);
    if (layer.type === 'Embedding' && index > 0) {
      const item = layerItem(layer.type, index);
      throw new InputError(
        file,
        item,
        'takes class indices, expected as the first layer: others give numbers',
      );
    }
    shapes.push(outputShape(layer, input, refuse));
  }
  const output = shapes.at(-1) as number[];
  const ofSequences = output.length === 2 && model.loss === 'cross_entropy';
  if (output.length !== 1 && !ofSequences) {
    const last = model.layers.length - 1;
    const sequences = model.loss === 'cross_entropy' ? ', or of a sequence [T, outputs]' : '';
    const expected = `[outputs] for each example${sequences}`;
    const item = `loss ${model.loss} after ${layerItem((model.layers[last] as LayerSpec).type, last)}`;
    throw new InputError(file, item, `came in ${showShape(output)}, expected ${expected}`);
  }
  return shapes;
}

function outputShape(
  layer: LayerSpec,
  input: readonly number[],
  refuse: (expected: string) => InputError,
): number[] {
  switch (layer.type) {
    case 'Linear':
      if (input.at(-1) !== layer.in_features) {
        throw refuse(`a trailing dimension of in_features = ${layer.in_features}`);
      }
      return [...input.slice(0, -1), layer.out_features];
    case 'Conv2d':
      if (input.length !== 3 || input[0] !== layer.in_channels) {
        throw refuse(`[in_channels = ${layer.in_channels}, H, W]`);
      }
      return [layer.out_channels, ...windowedSize(layer, input, refuse)];
    case 'MaxPool2d':
    case 'AvgPool2d':
      if (input.length !== 3) throw refuse('[C, H, W]');
      return [input[0] as number, ...windowedSize(layer, input, refuse)];
    case 'Flatten':
      if (input.length === 0) throw refuse('at least one dimension beside the batch');
      return [input.reduce((product, size) => product * size, 1)];
    case 'BatchNorm1d':
      if (input.length < 1 || input.length > 2 || input[0] !== layer.num_features) {
        throw refuse(`[num_features = ${layer.num_features}] or [${layer.num_features}, length]`);
      }
      return [...input];
    case 'BatchNorm2d':
      if (input.length !== 3 || input[0] !== layer.num_features) {
        throw refuse(`[num_features = ${layer.num_features}, H, W]`);
      }
      return [...input];
    case 'LayerNorm': {
      const trailing = input.slice(-layer.normalized_shape.length);
      if (showShape(trailing) !== showShape(layer.normalized_shape)) {
        throw refuse(`trailing dimensions normalized_shape = ${showShape(layer.normalized_shape)}`);
      }
      return [...input];
    }
    case 'Embedding':
      if (input.length !== 1) throw refuse('a sequence of class indices, [T]');
      return [...input, layer.embedding_dim];
    case 'LearnedPositions':
      if (input.length !== 2 || input[0] !== layer.length || input[1] !== layer.embedding_dim) {
        throw refuse(`[length = ${layer.length}, embedding_dim = ${layer.embedding_dim}]`);
      }
      return [...input];
    case 'TransformerEncoderLayer':
      if (input.length !== 2 || input[1] !== layer.d_model) throw refuse(`[T, d_model = ${layer.d_model}]`);
      return [...input];
    case 'ReLU':
    case 'Tanh':
    case 'Sigmoid':
    case 'GELU':
    case 'Dropout':
      return [...input];
  }
}

interface Windowed {
  kernel_size: [number, number];
  stride: [number, number];
  padding: [number, number];
}

/** ⌊(size + 2·padding − kernel) / stride⌋ + 1 along height and width. */
function windowedSize(
  layer: Windowed,
  input: readonly number[],
  refuse: (expected: string) => InputError,
): [number, number] {
  const along = (axis: 0 | 1): number => {
    const padded = (input[axis + 1] as number) + 2 * layer.padding[axis];
    if (padded < layer.kernel_size[axis]) {
      const padding = showShape(layer.padding);
      throw refuse(`at least kernel_size = ${showShape(layer.kernel_size)} after padding by ${padding}`);
    }
    return Math.floor((padded - layer.kernel_size[axis]) / layer.stride[axis]) + 1;
  };
  return [along(0), along(1)];
}

/** The tensors of `nn.Sequential(...).state_dict()`, in its order; a layer with a name goes by that instead of its index. */
export function stateDictLayout(model: ModelSpec): StateTensor[] {
  return model.layers.flatMap((layer, index) => {
    const tensor = (
      name: string,
      shape: number[],
      kind: 'parameter' | 'buffer' = 'parameter',
    ): StateTensor => ({
      name: tensorName(model, index, name),
      shape,
      kind,
      dtype: name === 'num_batches_tracked' ? 'I64' : 'F32',
      layer: index,
    });
    switch (layer.type) {
      case 'Linear': {
        const weight = tensor('weight', [layer.out_features, layer.in_features]);
        return layer.bias ? [weight, tensor('bias', [layer.out_features])] : [weight];
      }
      case 'Conv2d': {
        const weight = tensor('weight', [layer.out_channels, layer.in_channels, ...layer.kernel_size]);
        return layer.bias ? [weight, tensor('bias', [layer.out_channels])] : [weight];
      }
      case 'BatchNorm1d':
      case 'BatchNorm2d': {
        const shape = [layer.num_features];
        return [
          tensor('weight', shape),
          tensor('bias', shape),
          tensor('running_mean', shape, 'buffer'),
          tensor('running_var', shape, 'buffer'),
          tensor('num_batches_tracked', [], 'buffer'),
        ];
      }
      case 'LayerNorm':
        if (!layer.elementwise_affine) return [];
        return [
          tensor('weight', layer.normalized_shape),
          ...(layer.bias ? [tensor('bias', layer.normalized_shape)] : []),
        ];
      case 'Embedding':
        return [tensor('weight', [layer.num_embeddings, layer.embedding_dim])];
      case 'LearnedPositions':
        return [tensor('weight', [layer.length, layer.embedding_dim])];
      case 'TransformerEncoderLayer': {
        const { d_model: width, dim_feedforward: hidden } = layer;
        const affine = (weight: string, bias: string, shape: number[]): StateTensor[] => [
          tensor(weight, shape),
          ...(layer.bias ? [tensor(bias, [shape[0]!])] : []),
        ];
        return [
          ...affine('self_attn.in_proj_weight', 'self_attn.in_proj_bias', [3 * width, width]),
          ...affine('self_attn.out_proj.weight', 'self_attn.out_proj.bias', [width, width]),
          ...affine('linear1.weight', 'linear1.bias', [hidden, width]),
          ...affine('linear2.weight', 'linear2.bias', [width, hidden]),
          ...affine('norm1.weight', 'norm1.bias', [width]),
          ...affine('norm2.weight', 'norm2.bias', [width]),
        ];
      }
      default:
        return [];
    }
  });
}

function layerItem(type: LayerType, index: number): string {
  return `layer ${index} (${type})`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
