import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { asymmetry } from './alongLine.ts';
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

const LEAST_RATIO = 1.5;

/** Of α: one step of 25 points over [−1, 2], and two. */
const STEP = 0.125;

function secondDifferences(found: PairsFound, which: keyof PairsEvidence['lines'], step: number): Measured {
  return {
    name: `second difference, α = 1 over 0, ${LINES[which]}`,
    values: found.map(({ evidence }) => asymmetry(evidence.lines[which], step)),
    margin: [LEAST_RATIO, null],
    scale: 'log',
  };
}

const LINES: Readonly<Record<keyof PairsEvidence['lines'], string>> = {
  pair: 'straight',
  curved: 'curved',
  twins: 'two small',
};

export const lineAsymmetry = claim<PairsProtocol, PairsCell, PairsEvidence>({
  id: 'line-asymmetry',
  version: 1,
  paper: 'keskar',
  statement:
    'On the line from a small-batch to a large-batch solution the training loss is more curved at the large batch’s end',
  source: 'Keskar et al. 2017, figure 3, and the curved one of its appendix',
  population: PAIRS_POPULATION,
  unit: PAIRS_UNIT,
  prediction: `f at α = 1 ± ${STEP} against f at ± ${STEP}: second differences with a ratio above ${LEAST_RATIO}; both ends have one training loss. A ratio below ${LEAST_RATIO} is not seen in a figure`,
  refutedBy: `second differences at the ends of the line with a ratio below ${LEAST_RATIO}`,
  power: {
    pilot: 'seeds 0 and 1: ratios of 3.3 and 4.5, between two small-batch runs 1.4 and 0.8',
    scatter: 0.21,
    distance: 0.94,
    units: 12,
  },
  study: pairsStudy,
  effects: (found) => [
    secondDifferences(found, 'pair', STEP),
    { ...secondDifferences(found, 'curved', STEP), margin: null },
  ],
  controls: (found) => [
    {
      name: 'the line between two small-batch runs',
      removes: 'the second run has the small batch too, and another order',
      effects: [secondDifferences(found, 'twins', STEP)],
    },
  ],
  sensitivity: (found) => [
    { name: `second differences by ${2 * STEP}`, effects: [secondDifferences(found, 'pair', 2 * STEP)] },
  ],
  plantedAs: {
    effect: `a quartic between minima of which the second is ${PLANTED_PAIR.sharper} times as curved`,
    null: 'a quartic between minima of like curvature',
  },
  plant: plantPairs,
  panels: (found) => [
    linePanel(found, 'pair', 'From the small batch (0) to the large (1)'),
    linePanel(found, 'curved', 'The same, curved'),
    linePanel(found, 'twins', 'Control: from one small batch to another'),
  ],
});
