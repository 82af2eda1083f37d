import { claim } from '../../claim.ts';
import type { Measured } from '../../verdict/measured.ts';
import { noisePanel } from './noisePanel.ts';
import { plantTrajectories } from './plantTrajectories.ts';
import { noiseAtLoss, ofTraining, runsOf, type Trajectories, unitsOf } from './readTrajectories.ts';
import { type Arm, noiseTrajectory } from './study.ts';

const TASKS = { easy: 'MNIST', harder: 'Fashion-MNIST', random: 'MNIST with labels at random' } as const;
/** L/L₀ at which tasks are compared. */
const SHARE = 0.5;
/** The smallest ratio that matters: half an octave of the batch size. */
const RATIO = 1.5;

/** B_simple of one arm over that of another, unit by unit, each at the same share of its first loss. */
function ratio(found: Trajectories, [above, below]: readonly [Arm, Arm], share: number, shift = 0): Measured {
  const units = unitsOf(found);
  const at = (unit: number, arm: Arm): number | null => {
    return noiseAtLoss(runsOf(found, unit, arm)[0]!, share * Math.log(10), ofTraining);
  };
  return {
    name: `B_simple of ${nameOf(above)} over ${nameOf(below)}, at L/L₀ = ${share}`,
    values: units.map((unit, u) => {
      const [a, b] = [at(units[(u + shift) % units.length]!, above), at(unit, below)];
      return a === null || b === null ? null : a / b;
    }),
    margin: [RATIO, null],
    scale: 'log',
  };
}

function nameOf(arm: Arm): string {
  return TASKS[arm as keyof typeof TASKS];
}

const steps = (found: Trajectories, share: number): Measured[] => [
  ratio(found, ['harder', 'easy'], share),
  ratio(found, ['random', 'harder'], share),
];

/** Whether a harder task has the larger noise scale at the same progress. */
export const harderTaskNoisier = claim({
  id: 'harder-task-noisier',
  version: 1,
  paper: 'mccandlish',
  statement:
    'A harder task has a larger noise scale B_simple at the same progress: MNIST, Fashion-MNIST, labels at random',
  source: 'McCandlish et al. 2018, sections 1.1 and 3, table 1: more complex tasks have larger noise scales',
  population:
    'perceptrons 196-64-10 on 1,024 examples of 14 × 14 pixels, by SGD with B = 128 and ε = 0.1; noise of the examples that they train on, since labels at random have nothing to say of others',
  unit: 'initial weights, order, examples and labels of its own, the same seed for all tasks',
  prediction:
    'a B_simple at L/L₀ = 0.5 that is 1.5 times as large or more from one task to the next harder one; the paper’s tasks differ by factors of 2 (SVHN and CIFAR-10) and more, and less than half an octave would change nobody’s batch size',
  refutedBy: 'a ratio below 1.5 from one task to the next',
  power: {
    pilot:
      'seeds 0 and 1: labels at random 3.7 and 2.1 times Fashion-MNIST, which is 1.08 and 1.24 times MNIST: the pilot contradicts the claim, and the margin stays as it was set',
    scatter: 0.1,
    distance: -0.26,
    units: 7,
  },
  lookedInto:
    'version 1, seeds 1000 to 1006: Fashion-MNIST has 1.08 [0.96, 1.21] times MNIST’s noise scale at half the first loss, 1.14 [1.06, 1.23] at 0.6 of it, 1.01 at 0.45, as the pilot had it; labels at random have 2.7 [2.3, 3.2] times Fashion-MNIST’s, as claimed. At the same share of the first loss either task is about its easy examples. At the end of training it is the other way about: there MNIST, which is fitted further, has grown 57 times and Fashion-MNIST 8.6 times (noise-grows). It would take tasks further apart, as the paper’s SVHN and CIFAR-10 are, with nets that fit both, compared at the end of training',
  study: noiseTrajectory,
  effects: (found) => steps(found, SHARE),
  controls: (found) => [
    {
      name: 'MNIST over MNIST of another unit',
      removes: 'the tasks are equally hard',
      effects: [ratio(found, ['easy', 'easy'], SHARE, 1)],
    },
  ],
  sensitivity: (found) =>
    [0.6, 0.45].map((share) => ({ name: `at L/L₀ = ${share}`, effects: steps(found, share) })),
  plantedAs: {
    effect: 'each task’s noise scale 2.5 times the last one’s',
    null: 'each 1.5 times the last one’s',
  },
  plant: (truth, protocol, seed) => {
    const factor = truth === 'effect' ? 2.5 : RATIO;
    const rank: Partial<Record<Arm, number>> = { harder: 1, random: 2 };
    return plantTrajectories(protocol, seed, {
      noise: ({ arm }, share) => 20 * factor ** (rank[arm] ?? 0) * share ** -1.2,
      scatter: 0.15,
    });
  },
  panels: (found) => [
    noisePanel(
      'B_simple of the examples that it trains on',
      Object.entries(TASKS).map(([arm, name]) => ({
        name,
        runs: found.filter(({ cell }) => cell.arm === arm),
      })),
      ofTraining,
    ),
  ],
});
