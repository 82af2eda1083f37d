import { claim } from '../../claim.ts';
import { exponentAt, labelNoiseControl, type Varied } from './independence.ts';
import { noisePanel } from './noisePanel.ts';
import { plantTrajectories } from './plantTrajectories.ts';
import { matchedByTraining, ofFresh } from './readTrajectories.ts';
import { noiseTrajectory } from './study.ts';

const VARIED: Varied = { arm: 'width', of: ({ hidden }) => hidden, name: 'the width', margin: [-0.2, 0.2] };
/** The loss of fresh examples at which runs are compared. */
const GOAL = 0.8;

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
  study: noiseTrajectory,
  effects: (found) => [exponentAt(found, VARIED, GOAL, ofFresh)],
  controls: (found) => [labelNoiseControl(found, VARIED, GOAL, ofFresh)],
  sensitivity: (found) => [
    ...[1, 0.6].map((goal) => ({
      name: `at a loss of ${goal}`,
      effects: [exponentAt(found, VARIED, goal, ofFresh)],
    })),
    {
      name: 'matched by the loss of the examples it trains on',
      effects: [exponentAt(found, VARIED, GOAL, matchedByTraining)],
    },
  ],
  plantedAs: { effect: 'a noise scale of the loss alone', null: 'a noise scale ∝ width^0.2' },
  plant: (truth, protocol, seed) =>
    plantTrajectories(protocol, seed, {
      noise: ({ hidden, labelNoise }, share) =>
        20 *
        (1 + 40 * labelNoise) *
        share ** -1.2 *
        (hidden / protocol.hidden) ** (truth === 'effect' ? 0 : 0.2),
      scatter: 0.09,
    }),
  panels: (found) => [
    noisePanel(
      'B_simple of fresh examples',
      [
        ...new Set(
          found
            .filter(({ cell }) => cell.arm === 'width' || cell.arm === 'base')
            .map(({ cell }) => cell.hidden),
        ),
      ]
        .sort((a, b) => a - b)
        .map((width) => ({
          name: `${width} units`,
          runs: found.filter(
            ({ cell }) => (cell.arm === 'width' || cell.arm === 'base') && cell.hidden === width,
          ),
        })),
      ofFresh,
    ),
  ],
});
