// The files that the configurations read: small, and the same wherever they are written.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeTensors } from './tensors.mjs';

const EXAMPLES = 96;
const CLASSES = 4;
const SIDE = 10;
const FEATURES = 12;
/** The order file's. */
const STEPS = 40;
const BATCH = 12;

const layer = (type, keys = {}) => ({ type, ...keys });
const linear = (in_features, out_features, keys = {}) =>
  layer('Linear', { in_features, out_features, ...keys });
const conv = (in_channels, out_channels, keys = {}) =>
  layer('Conv2d', { in_channels, out_channels, kernel_size: 3, ...keys });
const classes = (...layers) => ({ layers, loss: 'cross_entropy' });

const MODELS = {
  mlp: classes(linear(FEATURES, 16), layer('ReLU'), linear(16, 9), layer('Sigmoid'), linear(9, CLASSES)),
  // A bias before BatchNorm has a gradient of rounding errors, which no tolerance can hold.
  batchNormMlp: classes(
    linear(FEATURES, 16, { bias: false }),
    layer('BatchNorm1d', { num_features: 16 }),
    layer('ReLU'),
    linear(16, CLASSES),
  ),
  dropoutMlp: classes(
    layer('Dropout', { p: 0.2 }),
    linear(FEATURES, 24),
    layer('ReLU'),
    layer('Dropout', { p: 0.5 }),
    linear(24, CLASSES),
  ),
  cnn: classes(
    conv(1, 6, { padding: 1 }),
    layer('ReLU'),
    layer('MaxPool2d', { kernel_size: 2 }),
    conv(6, 8, { stride: 2 }),
    layer('ReLU'),
    layer('Flatten'),
    linear(32, CLASSES),
  ),
  batchNormCnn: classes(
    conv(1, 6, { padding: 1, bias: false }),
    layer('BatchNorm2d', { num_features: 6 }),
    layer('ReLU'),
    layer('AvgPool2d', { kernel_size: 2 }),
    layer('Flatten'),
    linear(150, 10),
    layer('BatchNorm1d', { num_features: 10, momentum: 0.3 }),
    layer('Tanh'),
    linear(10, CLASSES),
  ),
  mixed: classes(
    conv(1, 4),
    layer('Tanh'),
    layer('AvgPool2d', { kernel_size: 2 }),
    layer('Flatten'),
    layer('LayerNorm', { normalized_shape: 64 }),
    linear(64, 12),
    layer('GELU'),
    linear(12, CLASSES),
  ),
};

/** Writes models, data, an order and a vector for Hessian products into a folder. */
export function writeInputs(folder) {
  mkdirSync(folder, { recursive: true });
  for (const [name, model] of Object.entries(MODELS)) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(model));
  }
  const random = uniform(12);
  const labels = Int32Array.from({ length: EXAMPLES }, (_, i) => i % CLASSES);
  const points = (dims) => {
    const means = Float32Array.from({ length: CLASSES * dims }, () => 2 * random() - 1);
    return Float32Array.from({ length: EXAMPLES * dims }, (_, i) => {
      const mean = means[labels[Math.floor(i / dims)] * dims + (i % dims)];
      return mean + 3 * (random() + random() - 1);
    });
  };
  const y = { data: labels, shape: [EXAMPLES] };
  const write = (name, tensors) => writeFileSync(join(folder, `${name}.safetensors`), encodeTensors(tensors));
  write('points', { x: { data: points(FEATURES), shape: [EXAMPLES, FEATURES] }, y });
  write('images', { x: { data: points(SIDE * SIDE), shape: [EXAMPLES, 1, SIDE, SIDE] }, y });
  const order = Int32Array.from({ length: STEPS * BATCH }, () => Math.floor(EXAMPLES * random()));
  write('order', { order: { data: order, shape: [STEPS, BATCH] } });
  for (const name of ['mlp', 'cnn', 'batchNormMlp']) {
    write(`${name}.vector`, randomParameters(MODELS[name], random));
  }
}

/** One number for each parameter, by the state dict's names. */
function randomParameters({ layers }, random) {
  const tensors = {};
  const add = (name, shape) => {
    const size = shape.reduce((product, length) => product * length, 1);
    tensors[name] = { data: Float32Array.from({ length: size }, () => 2 * random() - 1), shape };
  };
  for (const [i, { type, ...keys }] of layers.entries()) {
    const shape = {
      Linear: [keys.out_features, keys.in_features],
      Conv2d: [keys.out_channels, keys.in_channels, keys.kernel_size, keys.kernel_size],
      BatchNorm1d: [keys.num_features],
    }[type];
    if (!shape) continue;
    add(`${i}.weight`, shape);
    if (keys.bias !== false) add(`${i}.bias`, [shape[0]]);
  }
  return tensors;
}

/** Numbers in [0, 1) by a linear congruence (Numerical Recipes' ranqd1): all that is asked of them is to be the same. */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
