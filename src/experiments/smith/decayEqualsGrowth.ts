import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { plantedSchedules } from './plantedSchedules.ts';
import {
  type ScheduleCell,
  type ScheduleEvidence,
  type ScheduleProtocol,
  scheduleStudy,
} from './scheduleStudy.ts';
import type { ArmName } from './schedules.ts';
import {
  accuracyEffect,
  armsTable,
  curveEffects,
  lossPanel,
  type ScheduleFound,
  updatesEffect,
  updatesPanel,
} from './stageLosses.ts';

const SHOWN = ['decay', 'growth', 'hybrid', 'constant', 'both', 'noisier'] as const;

/** No further from decay than another order of the examples takes it, and as good on test images. */
function alike(
  found: ScheduleFound,
  protocol: ScheduleProtocol,
  arm: ArmName,
  [d, points] = [1, 0.3],
): Measured[] {
  return [
    ...curveEffects(found, protocol, { arm, from: 'decay', margin: [-d!, d!] }),
    accuracyEffect(found, { arm, from: 'decay', margin: [-points!, points!] }),
  ];
}

/** Raising B by f is cutting ε by f (Smith et al. 2018, figures 1 and 2). */
export const decayEqualsGrowth = claim<ScheduleProtocol, ScheduleCell, ScheduleEvidence>({
  id: 'decay-equals-growth',
  version: 1,
  paper: 'smith',
  statement:
    'Growing the batch where the learning rate would be cut, by the same factor, gives the same training curve and test accuracy',
  source: 'Smith et al. 2018, section 5.1, figures 1 and 2',
  population:
    'perceptrons 196-64-10 on 4,320 images of MNIST, pooled to 14², 20 % of the labels wrong, shifted by up to a pixel, by SGD with m = 0.9 for 30 epochs',
  unit: 'a trunk with its own images, wrong labels, initial weights and order, which all arms share',
  prediction:
    'ε/f at B and ε at fB have one g = εN/(B(1 − m)) and one ε·updates: with f = 3 at epochs 9, 18 and 24 decay, growth and a hybrid have one curve. D, the difference of ' +
    'ln loss in standard deviations by the order of examples, is within ±1 in every stage, so that no one could tell them from another order; accuracy within ±0.3 points, ' +
    'a third of what the paper’s four schedules span; updates are exactly those of the arithmetic, 8,100, 3,480 and 4,320',
  refutedBy:
    'a stage in which growth or the hybrid is further from decay than another order, or an accuracy that is 0.3 points off',
  power: {
    pilot:
      'seeds 0 to 7: D of growth and the hybrid from −0.2 to 0.1, −0.09 and 0.00 points; the scatter of D is that of the stage from epoch 9 to 18, where it is largest',
    scatter: 1.46,
    distance: 0.88,
    units: 24,
  },
  study: scheduleStudy,
  effects: (found, protocol) => [
    ...(['growth', 'hybrid'] as const).flatMap((arm) => alike(found, protocol, arm)),
    ...(['decay', 'growth', 'hybrid'] as const).map((arm) => updatesEffect(found, protocol, arm)),
  ],
  controls: (found, protocol) =>
    (
      [
        ['constant', 'neither is ε cut nor does B grow'],
        ['both', 'ε is cut and B grows: g falls by f² at a cut'],
        ['noisier', 'ε·updates is that of decay, and g stays'],
      ] as const
    ).map(([arm, removes]) => ({
      name: `${arm} against decay`,
      removes,
      effects: alike(found, protocol, arm),
    })),
  sensitivity: (found, protocol) => [
    {
      name: 'D within ±0.7, accuracy within ±0.2 points',
      effects: alike(found, protocol, 'growth', [0.7, 0.2]),
    },
    {
      name: 'growth against another order of decay',
      effects: curveEffects(found, protocol, { arm: 'growth', from: 'again', margin: [-1, 1] }),
    },
  ],
  plantedAs: {
    effect: 'arms that differ from decay by an order of examples, as the pilot’s did',
    null: 'growth that is one standard deviation by order above decay, the end of the margin',
  },
  plant: (truth, protocol, seed) => {
    const off = { d: 4, points: -0.5 };
    const growth = truth === 'effect' ? { d: 0, points: 0 } : { d: 1, points: 0 };
    return plantedSchedules({ constant: off, both: off, noisier: off, growth }, protocol, seed);
  },
  panels: (found, protocol) => [lossPanel(found, protocol, SHOWN), updatesPanel(found, SHOWN)],
  tables: (found) => [armsTable(found, SHOWN)],
});
