import type { ClaimRecord } from '../../experiment.ts';

/** What a referee asks for of `batchControl`. */
export const BATCH_CONTROL_RECORD: ClaimRecord = {
  paper: 'mccandlish',
  population:
    'perceptrons 784-32-10 on MNIST by SGD, from their start to a loss of 0.3; fixed B = 16 to 256, B controlled by √(r·B_simple) with r = 100, its schedule given to another unit, and its stages backwards, each at its best ε of four',
  unit: 'a seed of initial weights and order, the same in all arms',
  prediction:
    'the controlled run costs less, S + E/r, than the best fixed batch and than a yoked run. Where B_noise grows as √s the theory’s gain is 4 %, so that a cost within 5 % counts as the same',
  refutedBy: 'a cost of more than 95 % of the best fixed batch’s, or of a yoked run’s',
  power: {
    pilot:
      'version 1: the logarithm of the ratio of costs scatters by 0.16 from seed to seed, and was 0.02 and 0.04 below 0',
    scatter: 0.16,
    distance: 0.22,
    units: 12,
  },
  earlier: [
    {
      version: 1,
      protocol: 'five seeds, 1000 to 1004, and three ε: 1, 2 and 4 times 0.1',
      verdict: 'inconclusive',
      reason:
        'the controlled run costs 0.98 [0.80, 1.19] of the best fixed batch (B = 128) and 0.96 [0.78, 1.19] of a yoked one, but an arm’s best lies at the edge of its grid',
      changed:
        'The best ε of the controlled and of the yoked runs was the largest, and costs scatter four times as much as was assumed: one ε more, and twelve seeds that no one has looked at. Arms, costs and margin stay.',
    },
  ],
};
