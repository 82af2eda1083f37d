/** A sentence that is commonly said of the five papers, and the claims, by their ids, that answer it. */
export interface Sentence {
  readonly sentence: string;
  readonly claims: readonly string[];
}

/** What the article says, in its order: learning rate, batch size, noise scale, flat minima, averaging, Transformers. */
export const ARTICLE: readonly Sentence[] = [
  {
    sentence: 'The noise of a mini-batch’s gradient falls with its size: its variance goes as 1/B.',
    claims: ['gradient-variance'],
  },
  {
    sentence: 'For each batch size there is a best learning rate, set by gradient, curvature and noise.',
    claims: ['optimal-step'],
  },
  {
    sentence: 'A rate of more than twice the best one makes things worse, and training diverges.',
    claims: ['optimal-step', 'training-divergence'],
  },
  {
    sentence: 'Small batches want a rate in proportion to their size; large ones gain nothing more.',
    claims: ['linear-then-saturated'],
  },
  {
    sentence: 'Steps are traded for examples along a hyperbola, whose bend is the critical batch size.',
    claims: ['hyperbola'],
  },
  {
    sentence: 'The gradient noise scale tells the critical batch size without trying any.',
    claims: ['critical-against-simple', 'mnist-noise-scale', 'autoencoder', 'critical-batch'],
  },
  {
    sentence: 'Harder tasks have a larger noise scale, and stand larger batches.',
    claims: ['harder-task-noisier'],
  },
  { sentence: 'The noise scale grows as training goes on.', claims: ['noise-grows'] },
  { sentence: 'It does not depend on how many examples there are.', claims: ['noise-independent-of-n'] },
  { sentence: 'It does not depend on how large the model is.', claims: ['noise-independent-of-width'] },
  {
    sentence: 'What counts is the temperature, the rate over the batch size.',
    claims: ['temperature', 'collapse-on-g'],
  },
  {
    sentence: 'The batch should follow the noise scale while it grows.',
    claims: ['batch-control'],
  },
  {
    sentence:
      'How should we choose? The fastest batch is where a step’s time and the number of steps balance.',
    claims: ['fastest-batch'],
  },
  {
    sentence: 'Large batches end in sharp minima, small ones in flat minima.',
    claims: ['large-batch-sharper'],
  },
  {
    sentence: 'Models trained with large batches do worse on new data.',
    claims: ['large-batch-tests-worse', 'tuned-batches-test-alike'],
  },
  { sentence: 'Large batches stay near to where they started.', claims: ['large-batch-nearer'] },
  {
    sentence: 'Along the line between both minima the sharp one is narrow, and a shift costs it more.',
    claims: ['line-asymmetry', 'one-parameter-picture'],
  },
  {
    sentence: 'The noise pushes training out of sharp basins.',
    claims: ['escape', 'warm-start', 'noise-replayed'],
  },
  {
    sentence: 'Sharpness can be changed at will by rescaling weights, and the function stays.',
    claims: ['dinh-rescaling'],
  },
  {
    sentence: 'Training settles at the edge of stability, where sharpness is 2/ε.',
    claims: ['edge-of-stability', 'batch-sharpness'],
  },
  {
    sentence: 'A model that can memorise random labels may still generalise: the evidence tells which.',
    claims: ['evidence'],
  },
  {
    sentence: 'SGD is a stochastic differential equation whose noise is εN/B.',
    claims: ['sde-variance', 'svag'],
  },
  {
    sentence: 'There is an optimum batch size, neither 1 nor all examples.',
    claims: ['optimum-batch-inside'],
  },
  {
    sentence:
      'The optimum batch size is in proportion to the learning rate, to the size of the training set and to 1/(1 − m).',
    claims: ['optimum-batch-by-rate', 'optimum-batch-by-size', 'optimum-batch-by-momentum'],
  },
  {
    sentence: 'Do not decay the learning rate, increase the batch size: the curves are the same.',
    claims: ['decay-equals-growth', 'growth-controls'],
  },
  {
    sentence: 'A larger initial rate, and a larger momentum, save still more updates.',
    claims: ['larger-initial-rate', 'larger-momentum'],
  },
  {
    sentence: 'Decay is annealing: a large rate explores, a small one settles.',
    claims: ['explores-farther'],
  },
  {
    sentence: 'At a constant rate SGD traverses the rim of a basin, and does not reach its middle.',
    claims: ['iterates-circle', 'swa-plane'],
  },
  {
    sentence: 'The average of the weights does better on new data.',
    claims: ['swa-against-sgd', 'swa-against-ensemble'],
  },
  {
    sentence: 'The average has a higher training loss, and a flatter minimum.',
    claims: ['swa-higher-train-loss', 'wider-along-rays', 'sgd-swa-segment'],
  },
  {
    sentence: 'Averaging costs nothing but a pass for BatchNorm’s statistics.',
    claims: ['swa-cost', 'skipping-batchnorm-pass'],
  },
  {
    sentence: 'A Transformer needs a large enough batch to converge at all.',
    claims: ['transformer-batch'],
  },
  {
    sentence: 'Its noise scale grows as well, and its normalisation layers alone tell it.',
    claims: ['transformer-noise-grows', 'layer-norm-predicts'],
  },
];
