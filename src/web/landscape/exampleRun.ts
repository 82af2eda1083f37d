import type { JobSpec } from '../../jobs/job.ts';

/** Small, and not separable, so that the loss around its minima is not 0. */
export const EXAMPLE_DATA = 'gaussian-clusters?examples=512&test=256&classes=4&dims=8&spread=1.5';

export const EXAMPLE_MODEL = {
  layers: [
    { type: 'Linear', in_features: 8, out_features: 16 },
    { type: 'ReLU' },
    { type: 'Linear', in_features: 16, out_features: 4 },
  ],
  loss: 'cross_entropy',
};

/** Three networks from three initialisations. */
export const EXAMPLE_RUN: JobSpec = {
  job: 'train',
  model: EXAMPLE_MODEL,
  data: EXAMPLE_DATA,
  batch_size: 32,
  steps: 400,
  optimizer: { type: 'sgd', lr: 0.1, momentum: 0.9 },
  replicas: [{ seed: 0 }, { seed: 1 }, { seed: 2 }],
  record_every: 50,
};
