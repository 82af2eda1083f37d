import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { type Compared, comparePairs, type Pair } from './comparePairs.ts';
import { PAIRS_POPULATION, PAIRS_UNIT } from './describePairs.ts';
import { ratesPanel } from './pairFigures.ts';
import { type PairsCell, type PairsEvidence, type PairsProtocol, pairsStudy } from './pairsStudy.ts';
import { PLANTED_PAIR, plantPairs } from './plantPairs.ts';

const LEAST_RATIO = 1.05;

const NAMES: Readonly<Record<Pair, string>> = {
  same: 'small over large',
  tuned: 'small over large, each at its best ε',
  twins: 'one small over another',
};

function nearness(compared: Compared): Measured {
  return {
    name: `distance travelled, ${NAMES[compared.pair]}`,
    values: comparePairs(compared, (second, first) => first.distance / second.distance),
    margin: [LEAST_RATIO, null],
    scale: 'log',
  };
}

export const largeBatchNearer = claim<PairsProtocol, PairsCell, PairsEvidence>({
  id: 'large-batch-nearer',
  version: 1,
  paper: 'keskar',
  statement:
    'A large batch ends nearer to its initial weights than a small one of the same learning rate, at the same training loss',
  source: 'Keskar et al. 2017, on |x_s − x₀|/|x_l − x₀|',
  population: PAIRS_POPULATION,
  unit: PAIRS_UNIT,
  prediction: `|θ_small − θ₀|/|θ_large − θ₀| ≥ ${LEAST_RATIO}; 3 to 10 in the paper, 1.05 to 1.2 in small networks. Less than a twentieth would say nothing of how far a batch explores`,
  refutedBy: `small-batch solutions that lie less than ${LEAST_RATIO} times as far from the start as those of large batches`,
  power: {
    pilot:
      'seeds 0 and 1: 1.29 and 1.29 times as far, between two small-batch runs 1.00 and 0.94 times, whose scatter is taken',
    scatter: 0.04,
    distance: 0.2,
    units: 12,
  },
  study: pairsStudy,
  effects: (found, protocol) => [
    nearness({ found, protocol, pair: 'same', goal: 0 }),
    { ...nearness({ found, protocol, pair: 'tuned', goal: 0 }), margin: null },
  ],
  controls: (found, protocol) => [
    {
      name: 'two small-batch runs',
      removes: 'the second run has the small batch too, and another order',
      effects: [nearness({ found, protocol, pair: 'twins', goal: 0 })],
    },
  ],
  sensitivity: (found, protocol) =>
    protocol.goals.slice(1).map((goal, g) => ({
      name: `at a training loss of ${goal}`,
      effects: [nearness({ found, protocol, pair: 'same', goal: g + 1 })],
    })),
  plantedAs: {
    effect: `minima of which the small batch's are ${PLANTED_PAIR.nearer} times as far from the start`,
    null: 'minima as far from the start',
  },
  plant: plantPairs,
  panels: (found, protocol) => [
    ratesPanel(found, protocol, 'distance from the start', ({ distance }) => distance),
  ],
});
