import type { ClaimRecord } from '../../experiment.ts';

/** What a referee asks for of `batchControl`. */
export const BATCH_CONTROL_RECORD: ClaimRecord = {
  paper: 'mccandlish',
  population:
    'perceptrons 784-32-10 on MNIST by SGD, from their start to a loss of 0.3; fixed B = 16 to 256, B controlled by √(r·B_simple) with r = 100, its schedule given to another unit, and its stages backwards, each at its best ε of three',
  unit: 'a seed of initial weights and order, the same in all arms',
  prediction:
    'the controlled run costs less, S + E/r, than the best fixed batch and than a yoked run. Where B_noise grows as √s the theory’s gain is 4 %, so that a cost within 5 % counts as the same',
  refutedBy: 'a cost of more than 95 % of the best fixed batch’s, or of a yoked run’s',
  power: {
    pilot:
      'seed 1, one run of B = 16 at ε = 0.1: B_simple from 60 to some hundreds; the scatter is that of the planted runs',
    scatter: 0.04,
    distance: 0.2,
    units: 5,
  },
};
