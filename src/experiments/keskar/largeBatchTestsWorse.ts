import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { type Compared, comparePairs, type Pair } from './comparePairs.ts';
import { PAIRS_POPULATION, PAIRS_UNIT } from './describePairs.ts';
import { ratesPanel, ratesTable } from './pairFigures.ts';
import { type PairsCell, type PairsEvidence, type PairsProtocol, pairsStudy } from './pairsStudy.ts';
import { PLANTED_PAIR, plantPairs } from './plantPairs.ts';

/** Points: the smallest gap in the paper's table 2, of its network F1, is 0.22. */
const LEAST_GAP = 0.2;

const NAMES: Readonly<Record<Pair, string>> = {
  same: 'small minus large',
  tuned: 'small minus large, best ε',
  twins: 'one small minus another',
};

/** In points of test accuracy. */
export function testGap(compared: Compared): Measured {
  return {
    name: `points of accuracy, ${NAMES[compared.pair]}`,
    values: comparePairs(compared, (second, first) => 100 * (first.testAccuracy - second.testAccuracy)),
    margin: [LEAST_GAP, null],
  };
}

export const largeBatchTestsWorse = claim<PairsProtocol, PairsCell, PairsEvidence>({
  id: 'large-batch-tests-worse',
  version: 1,
  paper: 'keskar',
  statement: 'A large batch of the same learning rate as a small one tests worse, at the same training loss',
  source: 'Keskar et al. 2017, table 2',
  population: PAIRS_POPULATION,
  unit: PAIRS_UNIT,
  prediction: `test accuracy(small B) − test accuracy(B = N/10) ≥ ${LEAST_GAP} points; 0.22 to 5.3 in the paper, of which ${LEAST_GAP} is the smallest. Where each batch has its own best ε the gap is told beside: tuned-batches-test-alike is about it`,
  refutedBy: `a gap of less than ${LEAST_GAP} points at the ε that both share`,
  power: {
    pilot:
      'seeds 0 and 1, of half of the test images: gaps of 1.3 and 0.4 points, between two small-batch runs 0.6 and 1.2',
    scatter: 0.62,
    distance: 0.68,
    units: 12,
  },
  study: pairsStudy,
  effects: (found, protocol) => [
    testGap({ found, protocol, pair: 'same', goal: 0 }),
    { ...testGap({ found, protocol, pair: 'tuned', goal: 0 }), margin: null },
  ],
  controls: (found, protocol) => [
    {
      name: 'two small-batch runs',
      removes: 'the second run has the small batch too, and another order',
      effects: [testGap({ found, protocol, pair: 'twins', goal: 0 })],
    },
  ],
  sensitivity: (found, protocol) =>
    protocol.goals.slice(1).map((goal, g) => ({
      name: `at a training loss of ${goal}`,
      effects: [testGap({ found, protocol, pair: 'same', goal: g + 1 })],
    })),
  plantedAs: {
    effect: `accuracies over 8,000 answers, the large batch's ${PLANTED_PAIR.worse} points lower`,
    null: 'accuracies over 8,000 answers of like networks',
  },
  plant: plantPairs,
  panels: (found, protocol) => [
    ratesPanel(found, protocol, 'test accuracy, %', ({ testAccuracy }) => 100 * testAccuracy),
  ],
  tables: (found, protocol) => [ratesTable(found, protocol)],
});
