import { powerLawSlope } from '../../../measure/statistics/straightLine.ts';
import { claim } from '../../claim.ts';
import type { Measured } from '../../verdict/measured.ts';
import { noisePanel } from './noisePanel.ts';
import { plantTrajectories } from './plantTrajectories.ts';
import {
  meanNoise,
  ofFresh,
  ofTraining,
  type Reading,
  runsOf,
  type Trajectories,
  unitsOf,
} from './readTrajectories.ts';
import { type Arm, noiseTrajectory } from './study.ts';

const ARMS = { MNIST: 'long', 'Fashion-MNIST': 'long, other data' } as const;
/** Shares of the steps: the first 2 %, and the last 30 %. */
const [FIRST, LAST] = [0.02, 0.7];
/** The smallest growth that the claim speaks of. */
const GROWTH = 5;

function growth(
  found: Trajectories,
  name: string,
  arm: Arm,
  reading: Reading,
  first = FIRST,
  last = LAST,
): Measured {
  return {
    name: `B_simple at the end over B_simple at first, ${name}`,
    values: unitsOf(found).map((unit) => {
      const run = runsOf(found, unit, arm)[0]!;
      const { steps } = run.cell;
      const start = meanNoise(run, [0, first * steps], reading);
      const end = meanNoise(run, [last * steps, steps], reading);
      return start === null || end === null ? null : end / start;
    }),
    margin: [GROWTH, null],
    scale: 'log',
  };
}

const both = (found: Trajectories, reading: Reading, first?: number, last?: number): Measured[] =>
  Object.entries(ARMS).map(([name, arm]) => growth(found, name, arm, reading, first, last));

/** The exponent of B_simple over the loss, told beside. */
function exponent(found: Trajectories, name: string, arm: Arm): Measured {
  return {
    name: `exponent of B_simple over the loss, ${name}`,
    values: unitsOf(found).map((unit) => {
      const { cell, evidence } = runsOf(found, unit, arm)[0]!;
      return powerLawSlope(
        evidence.points.flatMap((point) => {
          const y = ofFresh.noise(point, cell);
          return y === null ? [] : [{ x: ofFresh.loss(point), y }];
        }),
      );
    }),
    margin: null,
  };
}

/** Whether the noise scale grows as a run trains. */
export const noiseGrows = claim({
  id: 'noise-grows',
  version: 1,
  paper: 'mccandlish',
  statement: 'The noise scale B_simple grows by several times as a run trains, most of it early on',
  source: 'McCandlish et al. 2018, section 3.3, figures 5 and 8, table 1',
  population:
    'perceptrons 196-64-10 on MNIST and on Fashion-MNIST of 14 × 14 pixels, 32,768 examples each, by SGD with B = 128 and ε = 0.03 over 4,000 steps; noise of 4,096 fresh examples',
  unit: 'a run with initial weights, order and examples of its own',
  prediction:
    'the paper’s runs grow by 18 (MNIST) and 5 (CIFAR-10) to 150 times from their start to their average (table 1). Growth of less than 5 times from the first 2 % of the steps to the last 30 % would ask for no batch that follows it',
  refutedBy: 'a growth below 5 times on either data set',
  power: {
    pilot:
      'seed 0: 42 times on MNIST, 9.6 times on Fashion-MNIST, whose distance it is; the scatter is that of the looks of one run',
    scatter: 0.25,
    distance: 0.65,
    units: 7,
  },
  study: noiseTrajectory,
  effects: (found) => [
    ...both(found, ofFresh),
    exponent(found, 'MNIST', 'long'),
    exponent(found, 'Fashion-MNIST', 'long, other data'),
  ],
  controls: (found) => [
    {
      name: 'the same steps at a thousandth of ε',
      removes: 'the run does not come to train',
      effects: [growth(found, 'MNIST', 'still', ofFresh)],
    },
  ],
  sensitivity: (found) => [
    { name: 'first 1 %, last 5 %', effects: both(found, ofFresh, 0.01, 0.95) },
    { name: 'first 5 %, last half', effects: both(found, ofFresh, 0.05, 0.5) },
    { name: 'of the examples that it trains on', effects: both(found, ofTraining) },
  ],
  plantedAs: { effect: 'B_simple ∝ L⁻¹·²', null: 'a growth of 5 times exactly' },
  plant: (truth, protocol, seed) => {
    // From the mean of the first 2 % to that of the last 30 % the planted loss falls by so much.
    const trial = plantTrajectories(protocol, 0, { noise: (_, share) => 1 / share, scatter: 0 });
    const fall = growth(trial, 'MNIST', 'long', ofTraining).values[0]!;
    const power = truth === 'effect' ? 1.2 : Math.log(GROWTH) / Math.log(fall);
    return plantTrajectories(protocol, seed, { noise: (_, share) => 20 * share ** -power, scatter: 0.2 });
  },
  panels: (found) => [
    noisePanel(
      'B_simple of fresh examples as the loss falls',
      Object.entries(ARMS).map(([name, arm]) => ({
        name,
        runs: found.filter(({ cell }) => cell.arm === arm),
      })),
      ofFresh,
    ),
  ],
});
