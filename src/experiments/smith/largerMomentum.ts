import { claim } from '../claim.ts';
import { plantedSchedules } from './plantedSchedules.ts';
import {
  type ScheduleCell,
  type ScheduleEvidence,
  type ScheduleProtocol,
  scheduleStudy,
} from './scheduleStudy.ts';
import { accuracyEffect, againstGrowth, armsTable, lossPanel, updatesPanel } from './stageLosses.ts';

const SHOWN = ['decay', 'growth', 'larger momentum', 'momentum alone'] as const;
const ARM = 'larger momentum';
/** Points of accuracy. */
const MARGIN = [-1.5, 0.3] as const;

/** 1/(1 − m) larger with B (Smith et al. 2018, figure 5): told with what it costs. */
export const largerMomentum = claim<ScheduleProtocol, ScheduleCell, ScheduleEvidence>({
  id: 'larger-momentum',
  version: 1,
  paper: 'smith',
  statement:
    'A larger momentum with a batch larger in proportion to 1/(1 − m) takes fewer updates, for a slight loss of test accuracy',
  source: 'Smith et al. 2018, section 5.2 and figure 5',
  population:
    'perceptrons 196-64-10 on 4,320 images of MNIST, pooled to 14², 20 % of the labels wrong, shifted by up to a pixel, by SGD with m = 0.9 for 30 epochs',
  unit: 'a trunk with its own images, wrong labels, initial weights and order, which all arms share',
  prediction:
    'g = εN/(B(1 − m)) stays where 1/(1 − m) and B grow by f = 3: m = 0.967, 1,200 updates in the place of 3,480. The velocity wants 1/(1 − m) updates to catch up, so that accuracy ' +
    'is a little lower, in the paper by 1.2 points: the margin is from −1.5 to 0.3 points',
  refutedBy: 'an accuracy that is lower by more than 1.5 points, or higher by more than 0.3',
  power: {
    pilot: 'seeds 0 to 7: −0.37 points from growth, of which the distance to 0.3 is',
    scatter: 0.33,
    distance: 0.67,
    units: 24,
  },
  study: scheduleStudy,
  effects: (found, protocol) => againstGrowth(found, protocol, { arm: ARM, margin: MARGIN }),
  controls: (found) => [
    {
      name: 'the larger momentum alone',
      removes: 'B starts as it was: g is larger by f',
      effects: [accuracyEffect(found, { arm: 'momentum alone', from: 'growth', margin: MARGIN })],
    },
  ],
  sensitivity: (found, protocol) => [
    {
      name: 'a loss of one point at most',
      effects: againstGrowth(found, protocol, { arm: ARM, margin: [-1, 0.3] }),
    },
    {
      name: 'against decay',
      effects: [accuracyEffect(found, { arm: ARM, from: 'decay', margin: MARGIN })],
    },
  ],
  plantedAs: {
    effect: 'an accuracy that is 0.6 points lower, the pilot’s',
    null: 'one that is 1.5 points lower, the end of the margin',
  },
  plant: (truth, protocol, seed) =>
    plantedSchedules(
      { 'momentum alone': { d: -8, points: 2.5 }, [ARM]: { d: 1, points: truth === 'effect' ? -0.6 : -1.5 } },
      protocol,
      seed,
    ),
  panels: (found, protocol) => [lossPanel(found, protocol, SHOWN), updatesPanel(found, SHOWN)],
  tables: (found) => [armsTable(found, SHOWN)],
});
