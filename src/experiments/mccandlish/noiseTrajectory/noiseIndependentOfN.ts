import { claim } from '../../claim.ts';
import { independenceOf } from './independence.ts';

/** Whether the noise scale is the same however many examples there are. */
export const noiseIndependentOfN = claim({
  id: 'noise-independent-of-n',
  version: 1,
  paper: 'mccandlish',
  statement: 'At the same loss the noise scale B_simple does not depend on the size N of the training set',
  source: 'McCandlish et al. 2018, section 2.2: G and Σ are of the distribution that examples are drawn from',
  population:
    'perceptrons 196-64-10 on 2,048, 8,192 and 32,768 examples of MNIST of 14 × 14 pixels, by SGD with B = 128 and ε = 0.1; loss and noise of 4,096 fresh examples',
  unit: 'initial weights, order and examples of its own; fewer examples are the beginning of more',
  prediction:
    'an exponent of 0 over N. Within ±0.15, a set that is 16 times larger has a noise scale within a factor of 1.5, half an octave of the batch size',
  refutedBy: 'an exponent outside ±0.15',
  power: {
    pilot: 'seed 0: an exponent of 0.015 at a loss of 0.8; the scatter is that of the looks about it',
    scatter: 0.06,
    distance: 0.13,
    units: 7,
  },
  plantedAs: { effect: 'a noise scale of the loss alone', null: 'a noise scale ∝ N^0.15' },
  ...independenceOf({
    arm: 'size',
    of: ({ examples }) => examples,
    name: 'N',
    label: (N) => `N = ${N}`,
    margin: [-0.15, 0.15],
  }),
});
