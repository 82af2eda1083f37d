import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { type Compared, comparePairs, type Pair } from './comparePairs.ts';
import { boxOf, PAIRS_POPULATION, PAIRS_UNIT } from './describePairs.ts';
import { ratesPanel, ratesTable } from './pairFigures.ts';
import { type PairsCell, type PairsEvidence, type PairsProtocol, pairsStudy } from './pairsStudy.ts';
import { PLANTED_PAIR, plantPairs } from './plantPairs.ts';

/** λ_max that is so many times another's is sharper: less is within what two orders of one batch differ by. */
const LEAST_RATIO = 1.3;

function eigenvalueEffect(compared: Compared): Measured {
  return {
    name: `λ_max, ${NAMES[compared.pair]}`,
    values: comparePairs(compared, (second, first) => second.sharpness.lambdaMax / first.sharpness.lambdaMax),
    margin: [LEAST_RATIO, null],
    scale: 'log',
  };
}

function sharpnessEffects(compared: Compared): Measured[] {
  return [
    eigenvalueEffect(compared),
    ...compared.protocol.epsilons.map(
      (epsilon): Measured => ({
        name: `φ − φ₁ at ${epsilon}, ${DIFFERENCES[compared.pair]}`,
        values: comparePairs(compared, (second, first) => curved(second, epsilon) - curved(first, epsilon)),
        margin: [0, null],
      }),
    ),
  ];
}

const NAMES: Readonly<Record<Pair, string>> = {
  same: 'large over small',
  tuned: 'large over small, each at its best ε',
  twins: 'one small over another',
};
const DIFFERENCES: Readonly<Record<Pair, string>> = {
  same: 'large minus small',
  tuned: 'large minus small, each at its best ε',
  twins: 'one small minus another',
};

/** What of φ is not of first order: at a solution that is no stationary point the gradient's part is none of the curvature's. */
function curved(solution: Parameters<typeof boxOf>[0], epsilon: number): number {
  const { phi, phiFirstOrder } = boxOf(solution, epsilon);
  return phi - phiFirstOrder;
}

export const largeBatchSharper = claim<PairsProtocol, PairsCell, PairsEvidence>({
  id: 'large-batch-sharper',
  version: 1,
  paper: 'keskar',
  statement:
    'A large batch ends in sharper minima than a small one of the same learning rate, at the same training loss',
  source: 'Keskar et al. 2017, metric 2.1 and table 3',
  population: PAIRS_POPULATION,
  unit: PAIRS_UNIT,
  prediction: `λ_max(B = N/10)/λ_max(small B) ≥ ${LEAST_RATIO} and (φ − φ₁) larger in the boxes of ε = 10⁻³ and 5·10⁻³; φ was 9 to 220 times larger in the paper, λ_max is 1.3 to 2 times larger in small networks. Below ${LEAST_RATIO} it is no more than two orders of one batch differ by`,
  refutedBy: `a λ_max of large batches that is less than ${LEAST_RATIO} times that of small ones, or a rise in a box that is not larger`,
  power: {
    pilot:
      'seeds 0 and 1: λ_max 2.65 and 2.28 times as large, between two small-batch runs 0.79 and 0.99 times',
    scatter: 0.15,
    distance: 0.64,
    units: 12,
  },
  study: pairsStudy,
  effects: (found, protocol) => [
    ...sharpnessEffects({ found, protocol, pair: 'same', goal: 0 }),
    {
      name: `training loss, ${NAMES.same}`,
      values: comparePairs(
        { found, protocol, pair: 'same', goal: 0 },
        (second, first) => second.loss / first.loss,
      ),
      margin: null,
      scale: 'log',
    },
    { ...eigenvalueEffect({ found, protocol, pair: 'tuned', goal: 0 }), margin: null },
  ],
  controls: (found, protocol) => [
    {
      name: 'two small-batch runs',
      removes: 'the second run has the small batch too, and another order',
      effects: sharpnessEffects({ found, protocol, pair: 'twins', goal: 0 }),
    },
  ],
  sensitivity: (found, protocol) =>
    protocol.goals.slice(1).map((goal, g) => ({
      name: `λ_max at a training loss of ${goal}`,
      effects: [eigenvalueEffect({ found, protocol, pair: 'same', goal: g + 1 })],
    })),
  plantedAs: {
    effect: `quadratics of which the large batch's are ${PLANTED_PAIR.sharper} times as curved`,
    null: 'quadratics of like curvature',
  },
  plant: plantPairs,
  panels: (found, protocol) => [
    ratesPanel(found, protocol, 'λ_max', (s) => s.sharpness.lambdaMax, { log: true }),
  ],
  tables: (found, protocol) => [ratesTable(found, protocol)],
});
