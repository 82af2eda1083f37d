import { expect, test } from 'vitest';
import { inferShapes, parseModel, stateDictLayout } from '../../src/nn/modelSpec.ts';

const parse = (layers: unknown, loss: unknown = 'cross_entropy') => parseModel('m.json', { layers, loss });
const encoder = { type: 'TransformerEncoderLayer', d_model: 6, nhead: 2, dim_feedforward: 9 };
const linear = { type: 'Linear', in_features: 3, out_features: 2 };

test('fills in the defaults of PyTorch', () => {
  const model = parse([
    linear,
    { type: 'Conv2d', in_channels: 1, out_channels: 2, kernel_size: 3, padding: [1, 0] },
    { type: 'MaxPool2d', kernel_size: 2 },
    { type: 'AvgPool2d', kernel_size: [2, 3], stride: 1 },
    { type: 'GELU' },
    { type: 'BatchNorm2d', num_features: 4 },
    { type: 'LayerNorm', normalized_shape: 5 },
    { type: 'Dropout' },
  ]);
  expect(model.layers).toEqual([
    { type: 'Linear', in_features: 3, out_features: 2, bias: true },
    {
      type: 'Conv2d',
      in_channels: 1,
      out_channels: 2,
      kernel_size: [3, 3],
      stride: [1, 1],
      padding: [1, 0],
      bias: true,
    },
    { type: 'MaxPool2d', kernel_size: [2, 2], stride: [2, 2], padding: [0, 0] },
    { type: 'AvgPool2d', kernel_size: [2, 3], stride: [1, 1], padding: [0, 0] },
    { type: 'GELU', approximate: 'none' },
    { type: 'BatchNorm2d', num_features: 4, eps: 1e-5, momentum: 0.1 },
    { type: 'LayerNorm', normalized_shape: [5], eps: 1e-5, elementwise_affine: true, bias: true },
    { type: 'Dropout', p: 0.5 },
  ]);
});

test('reads text and bytes as well as JSON values', () => {
  const text = JSON.stringify({ layers: [linear], loss: 'mse' });
  expect(parseModel('m.json', text)).toEqual(parse([linear], 'mse'));
  expect(parseModel('m.json', new TextEncoder().encode(text))).toEqual(parse([linear], 'mse'));
});

test.each([
  [
    'unknown layer',
    [linear, { type: 'Softmax' }],
    'm.json: layer 1 (Softmax): unknown layer "Softmax", expected one of Linear, Conv2d',
  ],
  ['inherited name', [{ type: 'constructor' }], 'layer 0 (constructor): unknown layer'],
  ['no type', [{ in_features: 3 }], 'layer 0: missing key "type"'],
  ['no object', [3], 'layer 0: found 3, expected an object'],
  [
    'unknown key',
    [{ ...linear, dtype: 1 }],
    'layer 0 (Linear): unknown key "dtype", expected in_features, out_features, bias',
  ],
  ['key of another layer', [{ type: 'ReLU', p: 1 }], 'layer 0 (ReLU): unknown key "p", expected no keys'],
  [
    'missing key',
    [{ type: 'Linear', in_features: 3 }],
    'layer 0 (Linear): missing key "out_features", expected a positive integer',
  ],
  [
    'text for a number',
    [{ ...linear, in_features: '3' }],
    'layer 0 (Linear): "in_features" is "3", expected a positive integer',
  ],
  ['fraction', [{ ...linear, in_features: 2.5 }], '"in_features" is 2.5, expected a positive integer'],
  ['zero', [{ ...linear, out_features: 0 }], '"out_features" is 0, expected a positive integer'],
  ['number for a flag', [{ ...linear, bias: 1 }], '"bias" is 1, expected true or false'],
  ['null', [{ ...linear, bias: null }], '"bias" is null, expected true or false'],
  [
    'three sizes',
    [{ type: 'MaxPool2d', kernel_size: [2, 2, 2] }],
    '"kernel_size" is [2,2,2], expected a positive integer, or [height, width]',
  ],
  [
    'negative size',
    [{ type: 'AvgPool2d', kernel_size: [2, -1] }],
    '"kernel_size" is [2,-1], expected a positive integer, or [height, width]',
  ],
  [
    'negative padding',
    [{ type: 'AvgPool2d', kernel_size: 2, padding: -1 }],
    '"padding" is -1, expected an integer of at least 0',
  ],
  [
    'padding past half',
    [{ type: 'MaxPool2d', kernel_size: 3, padding: 2 }],
    'layer 0 (MaxPool2d): "padding" is [2, 2], expected at most half of kernel_size, [1, 1]',
  ],
  [
    'unknown form',
    [{ type: 'GELU', approximate: 'erf' }],
    '"approximate" is "erf", expected "none" or "tanh"',
  ],
  [
    'heads that do not share the width evenly',
    [{ ...encoder, nhead: 4 }],
    'layer 0 (TransformerEncoderLayer): "nhead" is 4, expected a divisor of d_model = 6',
  ],
  [
    'another activation',
    [{ ...encoder, activation: 'silu' }],
    '"activation" is "silu", expected "relu" or "gelu"',
  ],
  ['probability', [{ type: 'Dropout', p: 1.5 }], '"p" is 1.5, expected a number from 0 to 1'],
  [
    'bad normalized_shape',
    [{ type: 'LayerNorm', normalized_shape: [4, 0] }],
    '"normalized_shape" is [4,0], expected a positive integer, or a list of them',
  ],
  [
    'empty normalized_shape',
    [{ type: 'LayerNorm', normalized_shape: [] }],
    '"normalized_shape" is [], expected a positive integer, or a list of them',
  ],
  [
    'negative eps',
    [{ type: 'BatchNorm1d', num_features: 2, eps: -1 }],
    '"eps" is -1, expected a number of at least 0',
  ],
  ['no layers', [], 'layers: found [], expected a list of at least one layer'],
  ['layers no list', {}, 'layers: found {}, expected a list'],
])('refuses: %s', (_, layers, message) => {
  expect(() => parse(layers)).toThrow(message);
});

test.each([
  [
    'a space',
    [{ ...linear, name: 'conv 1' }],
    'layer 0 (Linear): "name" is "conv 1", expected the name of a module',
  ],
  ['empty', [{ ...linear, name: '' }], '"name" is "", expected the name of a module'],
  ['a number', [{ ...linear, name: 3 }], '"name" is 3, expected the name of a module'],
  [
    'twice',
    [{ ...linear, name: 'a' }, { type: 'ReLU' }, { type: 'ReLU', name: 'a' }],
    'layer 2 (ReLU): is called "a" in the state dict, as layer 0 is',
  ],
  [
    "another's index",
    [{ ...linear, name: '1' }, { type: 'ReLU' }],
    'layer 1 (ReLU): is called "1" in the state dict, as layer 0',
  ],
  [
    'an average',
    [{ ...linear, name: 'swa.0' }],
    '"name" is "swa.0", expected none that begins with swa, ema',
  ],
])('refuses a name: %s', (_, layers, message) => {
  expect(() => parse(layers)).toThrow(message);
});

test('refuses a key given twice, and JSON of any depth', () => {
  const text = '{"loss":"mse","layers":[{"type":"Linear","in_features":3,"out_features":2,"in_features":4}]}';
  expect(() => parseModel('m.json', text)).toThrow('m.json: in_features: occurs twice in the model');
  const deep = `{"loss":"mse","layers":${'['.repeat(1e5)}${']'.repeat(1e5)}}`;
  expect(() => parseModel('m.json', deep)).toThrow('m.json: model: is nested more than 100 levels deep');
  const nested = parseModel.bind(
    null,
    'm.json',
    `{"loss":${'['.repeat(90)}${']'.repeat(90)},"layers":[{"type":"Tanh"}]}`,
  );
  expect(nested).toThrow('m.json: loss: found [[[[…]]]], expected "cross_entropy" or "mse"');
});

test('refuses what is no model', () => {
  expect(() => parse([linear], 'nll')).toThrow(
    'm.json: loss: found "nll", expected "cross_entropy" or "mse"',
  );
  expect(() => parseModel('m.json', { layers: [linear] })).toThrow('loss: found nothing');
  // The typo that the message hid, before what is missing beside it.
  expect(() => parseModel('m.json', { layers: [{ ...linear, type: 'Linaer' }] })).toThrow(
    'm.json: layer 0 (Linaer): unknown layer "Linaer"',
  );
  expect(() => parseModel('m.json', { layers: [linear, () => ({ type: 'ReLU' })], loss: 'mse' })).toThrow(
    'm.json: layer 1: found a function, expected an object with a "type"; a layer is what it returns: relu()',
  );
  expect(() => parseModel('m.json', { layers: [linear], loss: 'mse', lr: 1 })).toThrow('unknown key "lr"');
  expect(() => parseModel('m.json', '{"layers": [')).toThrow('m.json: model: is not JSON');
  expect(() => parseModel('m.json', Uint8Array.of(0xff, 0xfe))).toThrow('is not JSON');
  expect(() => parseModel('m.json', null)).toThrow('found null, expected an object');
});

const conv = { type: 'Conv2d', in_channels: 1, out_channels: 4, kernel_size: 5, stride: 2, padding: 1 };

test('infers the shapes that PyTorch gives', () => {
  const model = parse([
    conv,
    { type: 'BatchNorm2d', num_features: 4 },
    { type: 'ReLU' },
    { type: 'MaxPool2d', kernel_size: 3, stride: 2, padding: 1 },
    { type: 'AvgPool2d', kernel_size: 2 },
    { type: 'LayerNorm', normalized_shape: [3, 3] },
    { type: 'Flatten' },
    { type: 'Linear', in_features: 36, out_features: 10 },
    { type: 'BatchNorm1d', num_features: 10 },
  ]);
  expect(inferShapes(model, [1, 28, 28])).toEqual([
    [1, 28, 28],
    [4, 13, 13],
    [4, 13, 13],
    [4, 13, 13],
    [4, 7, 7],
    [4, 3, 3],
    [4, 3, 3],
    [36],
    [10],
    [10],
  ]);
});

test('a Transformer takes class indices [T] and gives [T, outputs]', () => {
  const model = parse([
    { type: 'Embedding', num_embeddings: 5, embedding_dim: 6 },
    { type: 'LearnedPositions', length: 7, embedding_dim: 6 },
    encoder,
    { type: 'LayerNorm', normalized_shape: 6 },
    { type: 'Linear', in_features: 6, out_features: 5 },
  ]);
  expect(inferShapes(model, [7])).toEqual([[7], [7, 6], [7, 6], [7, 6], [7, 6], [7, 5]]);
  const mse = parseModel('m.json', { ...model, loss: 'mse' });
  expect(() => inferShapes(mse, [7], 'm.json')).toThrow(
    'loss mse after layer 4 (Linear): came in [7, 5], expected [outputs] for each example',
  );
});

test('a Transformer’s layers have PyTorch’s defaults and names', () => {
  const [layer] = parse([{ type: 'TransformerEncoderLayer', d_model: 6, nhead: 2 }]).layers;
  expect(layer).toEqual({
    type: 'TransformerEncoderLayer',
    d_model: 6,
    nhead: 2,
    dim_feedforward: 2048,
    dropout: 0.1,
    activation: 'relu',
    layer_norm_eps: 1e-5,
    norm_first: false,
    bias: true,
    causal: false,
  });
  const tensors = (layers: unknown[]) =>
    stateDictLayout(parse(layers)).map(({ name, shape }) => `${name} ${shape.join('×')}`);
  expect(
    tensors([
      { type: 'Embedding', num_embeddings: 5, embedding_dim: 6 },
      { type: 'LearnedPositions', length: 7, embedding_dim: 6, name: 'positions' },
      encoder,
      { ...encoder, bias: false },
    ]),
  ).toEqual([
    '0.weight 5×6',
    'positions.weight 7×6',
    '2.self_attn.in_proj_weight 18×6',
    '2.self_attn.in_proj_bias 18',
    '2.self_attn.out_proj.weight 6×6',
    '2.self_attn.out_proj.bias 6',
    '2.linear1.weight 9×6',
    '2.linear1.bias 9',
    '2.linear2.weight 6×9',
    '2.linear2.bias 6',
    '2.norm1.weight 6',
    '2.norm1.bias 6',
    '2.norm2.weight 6',
    '2.norm2.bias 6',
    '3.self_attn.in_proj_weight 18×6',
    '3.self_attn.out_proj.weight 6×6',
    '3.linear1.weight 9×6',
    '3.linear2.weight 6×9',
    '3.norm1.weight 6',
    '3.norm2.weight 6',
  ]);
});

test('Linear acts on the trailing dimension', () => {
  const model = parse([linear, { type: 'Flatten' }]);
  expect(inferShapes(model, [5, 3])).toEqual([[5, 3], [5, 2], [10]]);
});

test.each([
  [
    'Linear',
    [{ type: 'ReLU' }, linear],
    [4],
    'm.json: layer 1 (Linear): came in [4], expected a trailing dimension of in_features = 3',
  ],
  ['Linear of a scalar', [linear], [], 'layer 0 (Linear): came in []'],
  [
    'Conv2d channels',
    [conv],
    [3, 8, 8],
    'layer 0 (Conv2d): came in [3, 8, 8], expected [in_channels = 1, H, W]',
  ],
  ['Conv2d flat', [conv], [784], 'layer 0 (Conv2d): came in [784]'],
  [
    'kernel too large',
    [conv],
    [1, 2, 8],
    'came in [1, 2, 8], expected at least kernel_size = [5, 5] after padding by [1, 1]',
  ],
  [
    'pool',
    [{ type: 'MaxPool2d', kernel_size: 2 }],
    [8, 8],
    'layer 0 (MaxPool2d): came in [8, 8], expected [C, H, W]',
  ],
  [
    'BatchNorm1d',
    [{ type: 'BatchNorm1d', num_features: 3 }],
    [4],
    'layer 0 (BatchNorm1d): came in [4], expected [num_features = 3]',
  ],
  ['BatchNorm2d', [{ type: 'BatchNorm2d', num_features: 3 }], [3], 'layer 0 (BatchNorm2d): came in [3]'],
  [
    'LayerNorm',
    [{ type: 'LayerNorm', normalized_shape: [2, 3] }],
    [3],
    'layer 0 (LayerNorm): came in [3], expected trailing dimensions normalized_shape = [2, 3]',
  ],
  [
    'loss',
    [linear],
    [4, 5, 3],
    'loss cross_entropy after layer 0 (Linear): came in [4, 5, 2], expected [outputs] for each example, or of a sequence [T, outputs]',
  ],
  [
    'Embedding of vectors',
    [{ type: 'Embedding', num_embeddings: 5, embedding_dim: 4 }],
    [7, 3],
    'layer 0 (Embedding): came in [7, 3], expected a sequence of class indices, [T]',
  ],
  [
    'Embedding of what a layer gives',
    [linear, { type: 'Embedding', num_embeddings: 5, embedding_dim: 4 }],
    [3],
    'layer 1 (Embedding): takes class indices, expected as the first layer',
  ],
  [
    'positions of another length',
    [{ type: 'LearnedPositions', length: 8, embedding_dim: 4 }],
    [7, 4],
    'layer 0 (LearnedPositions): came in [7, 4], expected [length = 8, embedding_dim = 4]',
  ],
  [
    'TransformerEncoderLayer',
    [encoder],
    [7, 5],
    'layer 0 (TransformerEncoderLayer): came in [7, 5], expected [T, d_model = 6]',
  ],
])('refuses a shape that does not fit: %s', (_, layers, input, message) => {
  expect(() => inferShapes(parse(layers), input, 'm.json')).toThrow(message);
});

test('lays the state dict out as nn.Sequential does', () => {
  const layout = stateDictLayout(
    parse([
      { ...conv, bias: false },
      { type: 'BatchNorm2d', num_features: 4 },
      { type: 'Flatten' },
      { type: 'LayerNorm', normalized_shape: [4, 3] },
      linear,
    ]),
  );
  expect(layout.map(({ name, shape, kind, dtype }) => [name, shape, kind, dtype])).toEqual([
    ['0.weight', [4, 1, 5, 5], 'parameter', 'F32'],
    ['1.weight', [4], 'parameter', 'F32'],
    ['1.bias', [4], 'parameter', 'F32'],
    ['1.running_mean', [4], 'buffer', 'F32'],
    ['1.running_var', [4], 'buffer', 'F32'],
    ['1.num_batches_tracked', [], 'buffer', 'I64'],
    ['3.weight', [4, 3], 'parameter', 'F32'],
    ['3.bias', [4, 3], 'parameter', 'F32'],
    ['4.weight', [2, 3], 'parameter', 'F32'],
    ['4.bias', [2], 'parameter', 'F32'],
  ]);
});
