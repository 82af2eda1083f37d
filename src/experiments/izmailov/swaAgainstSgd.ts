import { claim } from '../claim.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { plantSwa } from './plantSwa.ts';
import { ofUnits, pointsOf, SWA_RECORD, type SwaUnits, unitPoint } from './swaEffects.ts';
import type { SwaEvidence } from './swaEvidence.ts';
import { BUDGETS } from './swaSchedules.ts';
import { type SwaCell, type SwaProtocol, swaStudy } from './swaStudy.ts';

/** The smallest of the paper's gains at equal budget, points of accuracy: wide ResNets on CIFAR-10 (its table 1). */
const GAIN = 0.3;

const KINDS = { constant: 'constant ε', cyclic: 'cyclic ε' } as const;
type Kind = keyof typeof KINDS;

/** What stands against SGD of a budget, of each kind of run. */
type Instead = (evidence: SwaEvidence, kind: Kind) => { readonly testAccuracy: number };

function gains(found: SwaUnits, instead: Instead, budget: (typeof BUDGETS)[number] = 1): Measured[] {
  return (Object.keys(KINDS) as Kind[]).map((kind) => ({
    name: `SWA − SGD, points, ${KINDS[kind]}`,
    values: ofUnits(
      found,
      (evidence) => pointsOf(instead(evidence, kind)) - pointsOf(evidence.last[`sgd ${budget}`]!),
    ),
    margin: [GAIN, null],
  }));
}

export const swaAgainstSgd = claim<SwaProtocol, SwaCell, SwaEvidence>({
  ...SWA_RECORD,
  id: 'swa-against-sgd',
  version: 1,
  lookedInto:
    'version 1, seeds 1000 to 1006: SWA is 0.22 [−0.21, 0.64] points above SGD at a constant ε and 0.24 [−0.03, 0.51] at a cyclic one, where 0.3 would matter; of 1.5 budgets 0.43 [0.08, 0.77] and 0.22 [0.02, 0.41]. The sign is the paper’s; the size is about the margin, and the scatter over runs, 0.46 and 0.29 points, is up to twice what seven runs were planned for, since each trains on 500 images of its own. It would take longer budgets, which gain more, or some 30 runs to say on which side of 0.3 it lies',
  study: swaStudy,
  statement:
    'After the same number of steps the average of weights along SGD, at a constant ε or in cycles, is right on test data more often than SGD whose ε decays',
  source: 'Izmailov et al. 2018, sections 3.1 and 4.1, table 1',
  prediction: `Test accuracy of the average of the captures over the last quarter of a budget, less that of SGD whose ε decays linearly over that quarter, from the same trunk: 0.3 to 2 points in the paper, for constant and for cyclic ε. Less than ${GAIN} would be of no use to anyone. BatchNorm’s statistics are made by a pass over the training data for both.`,
  refutedBy: `Averages that are better by less than ${GAIN} points, or worse, of either kind of run.`,
  power: {
    pilot:
      'Seed 0, half as many steps: 0.2 points at a constant ε, below the margin (at 1,000 images 0.1, at 3,000 images −0.5); the scatter is that of the review, 0.25 points',
    scatter: 0.25,
    distance: -0.12,
    units: 7,
  },
  effects: (found) => gains(found, ({ averaged }, kind) => averaged[`${kind} 1`]!),
  controls: (found) => [
    {
      name: 'the last weights of the same runs in the place of their averages',
      removes: 'nothing is averaged',
      effects: gains(found, ({ last }, kind) => last[`${kind} 1`]!),
    },
    {
      name: 'an average of weights that hardly move',
      removes: 'ε falls to its least behind the trunk',
      effects: gains(found, ({ averaged }) => averaged['still 1']!),
    },
  ],
  sensitivity: (found) =>
    BUDGETS.filter((budget) => budget !== 1).map((budget) => ({
      name: `budget ${budget} of both`,
      effects: gains(found, ({ averaged }, kind) => averaged[`${kind} ${budget}`]!, budget),
    })),
  plantedAs: {
    effect:
      'a quadratic whose test loss is least where the captures have their centre, a point of accuracy above SGD’s end',
    null: 'one whose captures have their centre at SGD’s end',
  },
  plant: (truth, protocol, seed) => plantSwa({ centre: truth === 'effect' ? 1 : 0 }, protocol, seed),
  panels: (found) => [accuracies(found)],
});

/** Test accuracies of all arms at each budget. */
function accuracies(found: SwaUnits): Panel {
  const line = (name: string, of: (evidence: SwaEvidence, budget: number) => number) => ({
    mark: 'line' as const,
    name,
    look: { marked: true },
    points: BUDGETS.map((budget) => unitPoint(budget, found, (evidence) => of(evidence, budget))),
  });
  return {
    title: 'Test accuracy at equal budgets',
    x: { label: 'budget', range: [0.95, 1.55] },
    y: { label: 'test accuracy, %' },
    marks: [
      line('SGD, ε decays', ({ last }, b) => pointsOf(last[`sgd ${b}`]!)),
      line('average, constant ε', ({ averaged }, b) => pointsOf(averaged[`constant ${b}`]!)),
      line('average, cyclic ε', ({ averaged }, b) => pointsOf(averaged[`cyclic ${b}`]!)),
      line('last weights, constant ε', ({ last }, b) => pointsOf(last[`constant ${b}`]!)),
    ],
  };
}
