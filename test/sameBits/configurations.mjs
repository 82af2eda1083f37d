// What is run by both builds. Paths are relative to the folder of writeInputs.

const sgd = (lr, keys = {}) => ({ type: 'sgd', lr, ...keys });
const points = 'points.safetensors';
const images = 'images.safetensors';

/** Training runs: each a train.json. Their results hold bit for bit. */
export const TRAIN = {
  'MLP, MNIST': {
    model: { hidden: [32] },
    data: 'mnist',
    batch_size: 64,
    steps: 60,
    optimizer: sgd(0.1),
    evaluate: { every: 30 },
  },
  'MLP, Nesterov, weight decay, cosine': {
    model: 'mlp.json',
    data: points,
    batch_size: 10,
    steps: 60,
    optimizer: sgd(0.05, { momentum: 0.9, nesterov: true, weight_decay: 0.01 }),
    lr_schedule: { type: 'cosine', T_max: 60, warmup: 5 },
  },
  'MLP, R = 16, measured, tests': {
    model: { hidden: [24, 16], activation: 'Tanh' },
    data: 'gaussian-clusters?examples=600&test=200&classes=5&dims=20',
    batch_size: 16,
    steps: 48,
    optimizer: sgd(0.1),
    replicas: [0, 1, 2, 3].flatMap((seed) =>
      [0.01, 0.05, 0.1, 0.3].map((lr) => ({ seed, lr, momentum: seed % 2 ? 0.9 : 0 })),
    ),
    measure: { every: 4, tests: true },
    evaluate: { every: 16 },
  },
  'CNN, measured': {
    model: 'cnn.json',
    data: images,
    batch_size: 12,
    steps: 32,
    optimizer: sgd(0.05, { momentum: 0.9 }),
    measure: { every: 5, tests: true },
  },
  'CNN, BatchNorm, SWA, R = 2': {
    model: 'batchNormCnn.json',
    data: images,
    batch_size: 16,
    steps: 32,
    optimizer: sgd(0.05, { momentum: 0.9, weight_decay: 0.001 }),
    lr_schedule: { type: 'swa', kind: 'cyclic', start: 12, cycle: 4, alpha1: 0.05, alpha2: 0.005 },
    averaging: { type: 'swa', start: 16, every: 4, bn_batch_size: 20 },
    replicas: [{ seed: 3 }, { seed: 4, lr: 0.02 }],
  },
  'BatchNorm, measured by ghost batches': {
    model: 'batchNormMlp.json',
    data: points,
    batch_size: 24,
    steps: 40,
    optimizer: sgd(0.1),
    measure: { every: 3, small_batch: 8, tests: true },
  },
  'Dropout, R = 3, SWA': {
    model: 'dropoutMlp.json',
    data: points,
    batch_size: 12,
    steps: 40,
    optimizer: sgd(0.1, { momentum: 0.5 }),
    averaging: { type: 'swa', start: 20, every: 5 },
    replicas: [{ seed: 0 }, { seed: 1 }, { seed: 2, weight_decay: 0.01 }],
    measure: { every: 6 },
  },
  'Batch schedule, measured': {
    model: 'mlp.json',
    data: points,
    batch_schedule: [
      { from_step: 0, batch_size: 6 },
      { from_step: 15, batch_size: 12 },
      { from_step: 30, batch_size: 48 },
    ],
    steps: 45,
    optimizer: sgd(0.1, { momentum: 0.9 }),
    measure: { every: 4, small_batch: 2, tests: true },
    replicas: [{ seed: 0 }, { seed: 1, lr: 0.03 }],
  },
  'Order file, dampening, step decay': {
    model: 'mlp.json',
    data: points,
    order: 'order.safetensors',
    batch_size: 12,
    steps: 40,
    optimizer: sgd(0.1, { momentum: 0.9, dampening: 0.2 }),
    lr_schedule: { type: 'step', step_size: 10, gamma: 0.5, warmup: 4 },
    measure: { every: 7 },
  },
  'Drawn order, mean squared error': {
    model: { hidden: [16] },
    data: 'teacher-student?examples=300&test=100&dims=10',
    order: 'iid',
    batch_size: 20,
    steps: 40,
    optimizer: sgd(0.05),
    seed: 7,
    evaluate: { every: 10 },
  },
  'Conv, Tanh, pool, LayerNorm, GELU, EMA': {
    model: 'mixed.json',
    data: images,
    order: 'sequential',
    batch_size: 16,
    steps: 32,
    optimizer: sgd(0.1, { momentum: 0.9 }),
    averaging: { type: 'ema', decay: 0.9 },
    measure: { every: 5, tests: true },
    record_every: 3,
  },
};

const spectrum = ['--eigenvalues', '3', '--smallest', '2', '--trace', '--probes', '8'];
const statistics = ['--tests', '--signal-to-noise', '--histogram', '--histogram-parameters'];

/** Points that are measured: a model, and a training run that leads to it. Their results hold to a tolerance. */
export const MEASURE = {
  'measure: MLP, everything': {
    at: 'MLP, Nesterov, weight decay, cosine',
    args: [
      ...['--model', 'mlp.json', '--data', points, '--hvp', 'mlp.vector.safetensors'],
      ...spectrum,
      ...statistics,
      ...['--density', '--log-det', '10', '--starts', '4', '--steps', '24'],
    ],
  },
  'measure: CNN, everything': {
    at: 'CNN, measured',
    args: [
      ...['--model', 'cnn.json', '--data', images, '--hvp', 'cnn.vector.safetensors'],
      ...spectrum,
      ...statistics,
      ...['--density', '--log-det', '10', '--starts', '2', '--steps', '16'],
    ],
  },
  'measure: MLP, exact': {
    at: 'MLP, Nesterov, weight decay, cosine',
    args: ['--model', 'mlp.json', '--data', points, '--exact'],
  },
  'measure: MLP, Gauss-Newton': {
    at: 'Order file, dampening, step decay',
    args: ['--model', 'mlp.json', '--data', points, '--operator', 'gauss-newton', ...spectrum],
  },
  'measure: BatchNorm, train mode': {
    at: 'BatchNorm, measured by ghost batches',
    args: [
      ...['--model', 'batchNormMlp.json', '--data', points, '--hvp', 'batchNormMlp.vector.safetensors'],
      ...spectrum,
    ],
  },
  'measure: BatchNorm, ghost batches': {
    at: 'BatchNorm, measured by ghost batches',
    args: [
      ...['--model', 'batchNormMlp.json', '--data', points, '--ghost-batch', '16'],
      ...spectrum,
      ...statistics,
    ],
  },
};
