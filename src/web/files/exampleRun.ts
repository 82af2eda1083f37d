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

const STEPS = 400;

/** Steps after which the weights are kept, the last ones being the solutions. */
const KEPT = [25, 50, 100, 200, STEPS];

/** The files of the example's weights, and the run that each is of. */
export interface ExampleRun {
  readonly file: string;
  readonly spec: JobSpec;
}

/** Three networks from three initialisations, each after some of its steps, and at last with the average over the later ones. */
export const EXAMPLE_RUNS: readonly ExampleRun[] = KEPT.map((steps) => ({
  file: steps === STEPS ? 'example.safetensors' : `example-${steps}.safetensors`,
  spec: {
    job: 'train',
    model: EXAMPLE_MODEL,
    data: EXAMPLE_DATA,
    batch_size: 32,
    steps,
    optimizer: { type: 'sgd', lr: 0.1, momentum: 0.9 },
    ...(steps === STEPS ? { averaging: { type: 'swa', start: 200, every: 20 } } : {}),
    replicas: [{ seed: 0 }, { seed: 1 }, { seed: 2 }],
    record_every: steps,
  },
}));
