import { claim } from '../claim.ts';
import { curvePanels, exponent, type MovedBy, permuted, windows } from './movedOptimum.ts';
import {
  momentumSettings,
  type OptimumCell,
  type OptimumEvidence,
  type OptimumProtocol,
  optimumStudy,
} from './optimumStudy.ts';
import { PREDICTED, plantedCurves } from './plantedCurves.ts';

const MOMENTUM: MovedBy = {
  symbol: '1/(1 − m)',
  settings: momentumSettings,
  value: ({ momentum }) => 1 / (1 - momentum),
};

/** B_opt ∝ 1/(1 − m) (Smith & Le 2018, appendix). */
export const optimumByMomentum = claim<OptimumProtocol, OptimumCell, OptimumEvidence>({
  id: 'optimum-batch-by-momentum',
  version: 1,
  paper: 'smith-le',
  statement: 'The batch size of the best test accuracy grows in proportion to 1/(1 − m) with the momentum m',
  source: 'Smith & Le 2018, section 5 and its appendix on momentum',
  population:
    'perceptrons 196-32-10 on 1,000 images of MNIST, pooled to 14², 40 % of the labels wrong, by SGD with m from 0 to 0.875 at ε = 0.1 for ε·updates/(1 − m) = 240',
  unit: 'a trunk with its own subset, wrong labels, initial weights and three orders, over which its accuracy is averaged',
  prediction:
    'g = εN/(B(1 − m)), so that B_opt = εN/((1 − m)g*): from m = 0 to 0.875 the curve moves by three octaves, s = 1. Time is ε·updates/(1 − m), ' +
    'alike for all m. The margin 0.7 to 1.3 is that of the learning rate',
  refutedBy: 'an exponent s whose interval lies below 0.7 or above 1.3',
  power: {
    pilot:
      'seeds 0 to 3, two orders, m from 0.5 to 0.875: peaks at 6.5, 17 and 33, s near 1.17; the scatter is that of four m and three orders in curves planted with the pilot’s noise',
    scatter: 0.15,
    distance: 0.13,
    units: 16,
  },
  study: optimumStudy,
  effects: (found, protocol) => [exponent(MOMENTUM, found, protocol)],
  controls: (found, protocol) => [permuted(MOMENTUM, found, protocol)],
  sensitivity: (found, protocol) => windows(MOMENTUM, found, protocol),
  plantedAs: {
    effect: 'curves of the pilot’s shape and scatter whose best B is ∝ 1/(1 − m)',
    null: 'the same with B_opt ∝ (1 − m)^−0.7, the end of the margin',
  },
  plant: (truth, protocol, seed) =>
    plantedCurves({ ...PREDICTED, byMomentum: truth === 'effect' ? 1 : 0.7 }, protocol, seed),
  panels: (found, protocol) => curvePanels(MOMENTUM, found, protocol),
});
