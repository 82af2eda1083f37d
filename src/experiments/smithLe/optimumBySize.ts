import { claim } from '../claim.ts';
import { curvePanels, exponent, type MovedBy, permuted, windows } from './movedOptimum.ts';
import {
  type OptimumCell,
  type OptimumEvidence,
  type OptimumProtocol,
  optimumStudy,
  sizeSettings,
} from './optimumStudy.ts';
import { PREDICTED, plantedCurves } from './plantedCurves.ts';

const SIZE: MovedBy = { symbol: 'N', settings: sizeSettings, value: ({ examples }) => examples };

/** B_opt ∝ N (Smith & Le 2018, figure 6). */
export const optimumBySize = claim<OptimumProtocol, OptimumCell, OptimumEvidence>({
  id: 'optimum-batch-by-size',
  version: 1,
  paper: 'smith-le',
  statement: 'The batch size of the best test accuracy grows in proportion to the size of the training set',
  source: 'Smith & Le 2018, section 5 and figure 6',
  population:
    'perceptrons 196-32-10 on 500 to 2,000 images of MNIST, pooled to 14², 40 % of the labels wrong, by plain SGD at ε = 0.2 for ε·updates = 240',
  unit: 'a trunk with its own images, wrong labels, initial weights and three orders, over which its accuracy is averaged; its smaller sets are the beginning of its larger ones',
  prediction:
    'B_opt = εN/g*: from N = 500 to 2,000 the curve moves by two octaves, s = 1, if the best g does not change with N. Each curve has a height of ' +
    'its own, since more images are told better. The margin 0.7 to 1.3 tells ∝ N from ∝ √N',
  refutedBy: 'an exponent s whose interval lies below 0.7 or above 1.3',
  power: {
    pilot:
      'seeds 0 to 3, two orders: s = 1.7 ± 0.7, beyond the margin and hardly told; at 2,000 images the time is too short to learn all wrong labels, so that large batches lose little',
    scatter: 0.35,
    distance: -0.4,
    units: 16,
  },
  lookedInto:
    'version 1, 16 units from seed 1000: by the test accuracy within 6 % of its best the exponent is 2.4 [1.7, 3.2], within 4 % nothing is determined (0.1 ± 2.3), within 9 % it is 1.7 [1.3, 2.0]; by the test cross-entropy it is 1.11 [0.96, 1.27], as claimed. The best B of the mean curves is 4, 8 and 16 at N = 500, 1,000 and 2,000; but with N the curves change their shape as well as their place: beyond the best, accuracy falls by 8.7 points up to B = 128 at N = 500 and by 1.6 at N = 2,000, and a shift of one common curve makes up for that by a larger exponent. The curves by ε and by momentum keep their shape, and there both measures agree. It would take a version 2 by the cross-entropy, on new seeds',
  study: optimumStudy,
  effects: (found, protocol) => [exponent(SIZE, found, protocol)],
  controls: (found, protocol) => [permuted(SIZE, found, protocol)],
  sensitivity: (found, protocol) => windows(SIZE, found, protocol),
  plantedAs: {
    effect: 'curves of the pilot’s shape and scatter whose best B is ∝ N',
    null: 'the same with B_opt ∝ N^0.7, the end of the margin',
  },
  plant: (truth, protocol, seed) =>
    plantedCurves({ ...PREDICTED, bySize: truth === 'effect' ? 1 : 0.7 }, protocol, seed),
  panels: (found, protocol) => curvePanels(SIZE, found, protocol),
});
