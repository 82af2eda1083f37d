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
  lookedInto:
    'version 2, seeds 1100 to 1111: 0.96 [0.87, 1.07] of the best fixed batch’s cost and 1.00 [0.88, 1.13] of a yoked run’s, each arm at the best of four ε, none at the edge. The controlled run takes 262 steps and 12,100 examples where B = 128 takes 175 and 22,400, which by this cost comes to the same. That B grows counts, since the stages reversed cost 1.79 times as much; that it follows the run’s own noise does not show, since another seed’s stages do as well. The logarithm of the ratio scatters by 0.19 from seed to seed: for the 4 % of the theory it would take some 200 seeds, or a task whose noise scale grows by more than the factor 4 to 8 that B grows by here',
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
