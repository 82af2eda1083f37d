import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { plantSwa } from './plantSwa.ts';
import type { SolutionValues } from './solutions.ts';
import { ofUnits, SWA_RECORD, type SwaUnits, unitPoint } from './swaEffects.ts';
import type { SwaEvidence } from './swaEvidence.ts';
import { BUDGETS } from './swaSchedules.ts';
import { type SwaCell, type SwaProtocol, swaStudy } from './swaStudy.ts';

/** The smallest difference that matters, as a ratio. */
const RATIO = 1.02;

type Pair = (evidence: SwaEvidence) => readonly [average: SolutionValues, sgd: SolutionValues];

function effects(found: SwaUnits, pair: Pair): Measured[] {
  const ratio = (of: 'trainLoss' | 'testLoss'): number[] =>
    ofUnits(found, (evidence) => {
      const [average, sgd] = pair(evidence);
      return average[of] / sgd[of];
    });
  return [
    {
      name: 'Training loss, SWA over SGD',
      values: ratio('trainLoss'),
      margin: [RATIO, null],
      scale: 'log',
    },
    {
      name: 'Test loss, SWA over SGD',
      values: ratio('testLoss'),
      margin: [null, 1 / RATIO],
      scale: 'log',
    },
  ];
}

export const swaHigherTrainLoss = claim<SwaProtocol, SwaCell, SwaEvidence>({
  ...SWA_RECORD,
  id: 'swa-higher-train-loss',
  version: 1,
  lookedInto:
    'version 1, seeds 1000 to 1006: training loss 1.38 times and test loss 0.93 times SGD’s, as claimed, at each schedule and budget; but an average of weights that hardly move has it too (2.08 and 0.86 times), since its ε falls at once and leaves its training loss where the trunk’s was, with less overfitting. So higher training and lower test loss are no sign of averaging here: whatever trains less has them, in a net that overfits 500 images. It would take data on which SGD at its least ε does not overfit, or a control of equal training loss',
  study: swaStudy,
  statement: 'The average of weights has a higher training loss than SGD, and a lower test loss',
  source: 'Izmailov et al. 2018, sections 3.3 and 3.4, figure 3',
  prediction: `L(w_SWA) > L(w_SGD) on the training data, and L_test(w_SWA) < L_test(w_SGD): by ${Math.round(100 * (RATIO - 1))} % each, below which no one would mind. Losses are of images that are not shifted, in eval mode, with statistics by a pass over the training data for both.`,
  refutedBy: 'A training loss of the average that is not higher, or a test loss that is not lower.',
  power: {
    pilot:
      'Seed 0, half as many steps: training loss 1.11 times SGD’s, test loss 0.956 times; the scatter is assumed. Of the test loss, which is the nearer to its margin',
    scatter: 0.015,
    distance: 0.025,
    units: 7,
  },
  effects: (found) => effects(found, ({ averaged, last }) => [averaged['constant 1']!, last['sgd 1']!]),
  controls: (found) => [
    {
      name: 'the last weights of the same run in the place of their average',
      removes: 'nothing is averaged',
      effects: effects(found, ({ last }) => [last['constant 1']!, last['sgd 1']!]),
    },
    {
      name: 'an average of weights that hardly move',
      removes: 'ε falls to its least behind the trunk',
      effects: effects(found, ({ averaged, last }) => [averaged['still 1']!, last['sgd 1']!]),
    },
  ],
  sensitivity: (found) => [
    {
      name: 'cyclic ε',
      effects: effects(found, ({ averaged, last }) => [averaged['cyclic 1']!, last['sgd 1']!]),
    },
    ...BUDGETS.filter((budget) => budget !== 1).map((budget) => ({
      name: `budget ${budget} of both`,
      effects: effects(found, ({ averaged, last }) => [
        averaged[`constant ${budget}`]!,
        last[`sgd ${budget}`]!,
      ]),
    })),
  ],
  plantedAs: {
    effect:
      'a quadratic whose test loss is least where the captures have their centre, apart from the minimum of its training loss',
    null: 'one whose captures have their centre at that minimum, where SGD ends',
  },
  plant: (truth, protocol, seed) => plantSwa({ centre: truth === 'effect' ? 1 : 0 }, protocol, seed),
  panels: (found) =>
    (['trainLoss', 'testLoss'] as const).map((loss) => ({
      title: loss === 'trainLoss' ? 'Training loss' : 'Test loss',
      x: { label: 'budget', range: [0.95, 1.55] as const },
      y: { label: 'loss' },
      marks: (
        [
          ['SGD, ε decays', ({ last }: SwaEvidence, b: number) => last[`sgd ${b}`]!],
          ['average, constant ε', ({ averaged }: SwaEvidence, b: number) => averaged[`constant ${b}`]!],
          ['average, cyclic ε', ({ averaged }: SwaEvidence, b: number) => averaged[`cyclic ${b}`]!],
        ] as const
      ).map(([name, of]) => ({
        mark: 'line' as const,
        name,
        look: { marked: true },
        points: BUDGETS.map((b) => unitPoint(b, found, (evidence) => of(evidence, b)[loss])),
      })),
    })),
});
