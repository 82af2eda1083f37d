import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { asymmetry, lineAt } from './alongLine.ts';
import { PAIRS_POPULATION, PAIRS_UNIT } from './describePairs.ts';
import { linePanel } from './pairFigures.ts';
import {
  type PairsCell,
  type PairsEvidence,
  type PairsFound,
  type PairsProtocol,
  pairsStudy,
} from './pairsStudy.ts';
import { PLANTED_PAIR, plantPairs } from './plantPairs.ts';

const LEAST_RATIO = 1.3;

/** How far the picture's test curve is shifted against the training curve, in α: a quarter of the way between the two minima. */
const SHIFT = 0.25;

/** At the second minimum over the first one. */
function picture(found: PairsFound, which: 'pair' | 'twins', shift: number): Measured[] {
  const names = which === 'pair' ? 'large' : 'second';
  return [
    {
      name: `rise at |α| = ${shift}, ${names} over small`,
      values: found.map(({ evidence }) => asymmetry(evidence.lines[which], shift)),
      margin: [LEAST_RATIO, null],
      scale: 'log',
    },
    {
      name: `test − training loss, ${names} minus small`,
      values: found.map(({ evidence: { lines } }) => {
        const [first, second] = [0, 1].map((alpha) => lineAt(lines[which] ?? [], alpha));
        return first && second ? second.testLoss - second.loss - (first.testLoss - first.loss) : null;
      }),
      margin: [0, null],
    },
  ];
}

export const oneParameterPicture = claim<PairsProtocol, PairsCell, PairsEvidence>({
  id: 'one-parameter-picture',
  version: 1,
  paper: 'keskar',
  statement:
    'A shift of the same size costs more at a large batch’s minimum than at a small one’s, and so does the test: the one-parameter picture, with real weights',
  source: 'Keskar et al. 2017, figure 1',
  population: PAIRS_POPULATION,
  unit: PAIRS_UNIT,
  prediction: `the training loss rises at least ${LEAST_RATIO} times as much at |α − 1| = ${SHIFT} as at |α| = ${SHIFT}, both sides in the mean; and test loss − training loss is larger at α = 1 than at 0. In the picture the test curve is the training curve, shifted: a rise below ${LEAST_RATIO} would not tell the two minima apart`,
  refutedBy:
    'a rise around the large batch’s minimum that is like the other’s, or a gap of the losses that is not larger there',
  power: {
    pilot:
      'seeds 0 and 1: the rise is 3.2 and 5.7 times as large, but test loss − training loss smaller by 0.05 and 0.11, which decides: the pilot contradicts the claim, and margins stay as they were set',
    scatter: 0.04,
    distance: -0.08,
    units: 12,
  },
  lookedInto:
    'version 1, seeds 1000 to 1011: the walls of the large batch’s minimum rise 7.6 times as high, as drawn in the paper, but its test loss is not further above its training loss: by −0.04 ± 0.02 it is nearer, while it gets 0.8 points fewer right. At one training loss small-batch solutions are surer of what they get wrong, which cross-entropy counts and accuracy does not. Twice as many units would decide it',
  study: pairsStudy,
  effects: (found) => picture(found, 'pair', SHIFT),
  controls: (found) => [
    {
      name: 'two small-batch minima',
      removes: 'the second run has the small batch too, and another order',
      effects: picture(found, 'twins', SHIFT),
    },
  ],
  sensitivity: (found) => [
    { name: `a shift of ${SHIFT / 2}`, effects: picture(found, 'pair', SHIFT / 2) },
    { name: `a shift of ${1.5 * SHIFT}`, effects: picture(found, 'pair', 1.5 * SHIFT) },
  ],
  plantedAs: {
    effect: `a quartic between minima of which the second is ${PLANTED_PAIR.sharper} times as curved, its test curve shifted`,
    null: 'a quartic between minima of like curvature, its test curve shifted',
  },
  plant: plantPairs,
  panels: (found) => [linePanel(found, 'pair', 'From the flat minimum (0) to the sharp (1)')],
});
