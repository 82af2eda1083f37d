import { claim } from '../../claim.ts';
import { independenceOf } from './independence.ts';

/** Whether the noise scale is the same in wider nets. */
export const noiseIndependentOfWidth = claim({
  id: 'noise-independent-of-width',
  version: 1,
  paper: 'mccandlish',
  statement: 'At the same loss the noise scale B_simple does not depend on the width of the net',
  source:
    'McCandlish et al. 2018, section 3.3 and figure 8 (LSTMs of 512 to 2,048 units): nearly the same at equal loss',
  population:
    'perceptrons with 16, 64 and 256 hidden units on 8,192 examples of MNIST of 14 × 14 pixels, by SGD with B = 128 and ε = 0.1; loss and noise of 4,096 fresh examples',
  unit: 'initial weights, order and examples of its own; the same order and examples at all widths',
  prediction:
    'an exponent of 0 over the width. Within ±0.2, a net that is 16 times wider has a noise scale within a factor of 1.7; the paper’s figure shows no order among widths',
  refutedBy: 'an exponent outside ±0.2',
  power: {
    pilot: 'seed 0: an exponent of −0.064 at a loss of 0.8; the scatter is that of the looks about it',
    scatter: 0.06,
    distance: 0.136,
    units: 7,
  },
  plantedAs: { effect: 'a noise scale of the loss alone', null: 'a noise scale ∝ width^0.2' },
  ...independenceOf({
    arm: 'width',
    of: ({ hidden }) => hidden,
    name: 'the width',
    label: (width) => `${width} units`,
    margin: [-0.2, 0.2],
  }),
});
