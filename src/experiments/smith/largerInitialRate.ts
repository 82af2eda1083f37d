import { claim } from '../claim.ts';
import { plantedSchedules } from './plantedSchedules.ts';
import {
  type ScheduleCell,
  type ScheduleEvidence,
  type ScheduleProtocol,
  scheduleStudy,
} from './scheduleStudy.ts';
import { accuracyEffect, againstGrowth, armsTable, lossPanel, updatesPanel } from './stageLosses.ts';

const SHOWN = ['decay', 'growth', 'larger rate', 'rate alone'] as const;
const ARM = 'larger rate';
/** Points of accuracy. */
const MARGIN = [-0.5, 0.5] as const;

/** k·ε with k·B (Smith et al. 2018, figure 5). */
export const largerInitialRate = claim<ScheduleProtocol, ScheduleCell, ScheduleEvidence>({
  id: 'larger-initial-rate',
  version: 1,
  paper: 'smith',
  statement:
    'A larger initial learning rate with a batch larger by the same factor takes fewer updates to the same test accuracy',
  source: 'Smith et al. 2018, section 5.2 and figure 5',
  population:
    'perceptrons 196-64-10 on 4,320 images of MNIST, pooled to 14², 20 % of the labels wrong, shifted by up to a pixel, by SGD with m = 0.9 for 30 epochs',
  unit: 'a trunk with its own images, wrong labels, initial weights and order, which all arms share',
  prediction:
    'g = εN/(B(1 − m)) stays where ε and B grow by f = 3 from the start: 1,200 updates in the place of 3,480, to test accuracy within ±0.5 points of growth from the smaller rate. ' +
    'That margin is what a user would give for two thirds of the updates; the paper’s difference was 0.1',
  refutedBy: 'an accuracy that is more than half a point off',
  power: {
    pilot: 'seeds 0 to 7: −0.20 points from growth',
    scatter: 0.38,
    distance: 0.3,
    units: 24,
  },
  study: scheduleStudy,
  effects: (found, protocol) => againstGrowth(found, protocol, { arm: ARM, margin: MARGIN }),
  controls: (found) => [
    {
      name: 'the larger rate alone',
      removes: 'B starts as it was: g is larger by f',
      effects: [accuracyEffect(found, { arm: 'rate alone', from: 'growth', margin: MARGIN })],
    },
  ],
  sensitivity: (found, protocol) => [
    {
      name: 'accuracy within ±0.7 points',
      effects: againstGrowth(found, protocol, { arm: ARM, margin: [-0.7, 0.7] }),
    },
    {
      name: 'against decay',
      effects: [accuracyEffect(found, { arm: ARM, from: 'decay', margin: MARGIN })],
    },
  ],
  plantedAs: {
    effect: 'an accuracy that is 0.1 points lower, the paper’s',
    null: 'one that is half a point lower, the end of the margin',
  },
  plant: (truth, protocol, seed) =>
    plantedSchedules(
      { 'rate alone': { d: -8, points: 2.5 }, [ARM]: { d: 1, points: truth === 'effect' ? -0.1 : -0.5 } },
      protocol,
      seed,
    ),
  panels: (found, protocol) => [lossPanel(found, protocol, SHOWN), updatesPanel(found, SHOWN)],
  tables: (found) => [armsTable(found, SHOWN)],
});
