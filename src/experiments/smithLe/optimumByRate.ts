import { claim } from '../claim.ts';
import { curvePanels, exponent, type MovedBy, permuted, windows } from './movedOptimum.ts';
import {
  type OptimumCell,
  type OptimumEvidence,
  type OptimumProtocol,
  optimumStudy,
  rateSettings,
} from './optimumStudy.ts';
import { PREDICTED, plantedCurves } from './plantedCurves.ts';

const RATE: MovedBy = { symbol: 'ε', settings: rateSettings, value: ({ lr }) => lr };

/** B_opt ∝ ε (Smith & Le 2018, figure 5). */
export const optimumByRate = claim<OptimumProtocol, OptimumCell, OptimumEvidence>({
  id: 'optimum-batch-by-rate',
  version: 1,
  paper: 'smith-le',
  statement: 'The batch size of the best test accuracy grows in proportion to the learning rate',
  source: 'Smith & Le 2018, section 5 and figure 5',
  population:
    'perceptrons 196-32-10 on 1,000 images of MNIST, pooled to 14², 40 % of the labels wrong, by plain SGD for ε·updates = 240',
  unit: 'a trunk with its own subset, wrong labels, initial weights and three orders, over which its accuracy is averaged',
  prediction:
    'g = εN/B is what decides, so B_opt = εN/g*: from ε = 0.1 to 0.8 the curve moves by three octaves, s = 1. One grid of B serves all ε, ' +
    'so that nothing but the curves favours s = 1. The margin 0.7 to 1.3 is the nearest that still tells ∝ ε from ∝ √ε and ∝ ε² with room to spare',
  refutedBy: 'an exponent s whose interval lies below 0.7 or above 1.3',
  power: {
    pilot:
      'seeds 0 to 3, two orders, ε from 0.2 to 0.8: s = 1.13 ± 0.23; the scatter is that of four ε and three orders in curves planted with the pilot’s noise',
    scatter: 0.15,
    distance: 0.17,
    units: 16,
  },
  study: optimumStudy,
  effects: (found, protocol) => [exponent(RATE, found, protocol)],
  controls: (found, protocol) => [permuted(RATE, found, protocol)],
  sensitivity: (found, protocol) => windows(RATE, found, protocol),
  plantedAs: {
    effect: 'curves of the pilot’s shape and scatter whose best B is ∝ ε',
    null: 'the same with B_opt ∝ ε^0.7, the end of the margin',
  },
  plant: (truth, protocol, seed) =>
    plantedCurves({ ...PREDICTED, byRate: truth === 'effect' ? 1 : 0.7 }, protocol, seed),
  panels: (found, protocol) => curvePanels(RATE, found, protocol),
});
