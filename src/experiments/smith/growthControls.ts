import { claim } from '../claim.ts';
import type { Measured } from '../verdict/measured.ts';
import { plantedSchedules } from './plantedSchedules.ts';
import {
  type ScheduleCell,
  type ScheduleEvidence,
  type ScheduleProtocol,
  scheduleStudy,
} from './scheduleStudy.ts';
import { armsTable, curveEffects, lossPanel, type ScheduleFound } from './stageLosses.ts';

const SHOWN = ['decay', 'constant', 'both', 'noisier'] as const;

/** The last stage, in size: which way a schedule goes wrong is told beside. */
function lastStage(
  found: ScheduleFound,
  protocol: ScheduleProtocol,
  least: readonly [number, number],
): Measured[] {
  const of = (arm: 'constant' | 'both' | 'noisier'): Measured =>
    curveEffects(found, protocol, { arm, from: 'decay', margin: null }).at(-1)!;
  const constant = of('constant');
  const way = constant.values.some((value) => value === null)
    ? 1
    : Math.sign(constant.values.reduce<number>((sum, value) => sum + value!, 0));
  return [
    {
      name: 'D at the end, constant, either way',
      values: constant.values.map((value) => (value === null ? null : way * value)),
      margin: [least[0], null],
    },
    {
      ...of('noisier'),
      name: 'D at the end, noisier less decay',
      margin: [least[1], null],
    },
    { ...of('both'), name: 'D at the end, both less decay' },
  ];
}

/** What makes the comparison of decay and growth one (Smith et al. 2018, section 5.1; the controls are not theirs). */
export const growthControls = claim<ScheduleProtocol, ScheduleCell, ScheduleEvidence>({
  id: 'growth-controls',
  version: 1,
  paper: 'smith',
  statement:
    'Schedules that neither cut the learning rate nor grow the batch end elsewhere, and with the same sum of rates but more noise they end worse',
  source: 'Smith et al. 2018, section 5.1; the schedules without the cause are our own',
  population:
    'perceptrons 196-64-10 on 4,320 images of MNIST, pooled to 14², 20 % of the labels wrong, shifted by up to a pixel, by SGD with m = 0.9 for 30 epochs',
  unit: 'a trunk with its own images, wrong labels, initial weights and order, which all arms share',
  prediction:
    'that decay and growth agree says something only where it matters what is done: without either the loss of the last stage is at least D = 3 standard deviations by order away from ' +
    'that of decay, and with ε·updates as in decay but g undiminished it is at least D = 1 above it, where two orders could still be told apart',
  refutedBy:
    'a constant schedule within three standard deviations of decay, or one of more noise that is no worse',
  power: {
    pilot: 'seeds 0 to 7: constant 7.7 and noisier 14.5 standard deviations above decay in the last stage',
    scatter: 1.3,
    distance: 4.7,
    units: 24,
  },
  study: scheduleStudy,
  effects: (found, protocol) => lastStage(found, protocol, [3, 1]),
  controls: (found, protocol) => {
    const [as] = curveEffects(found, protocol, { arm: 'growth', from: 'decay', margin: [3, null] }).slice(-1);
    const noise = curveEffects(found, protocol, { arm: 'growth', from: 'decay', margin: [1, null] }).at(-1)!;
    return [
      {
        name: 'growth in the place of either',
        removes: 'g falls as in decay',
        effects: [as!, { ...noise, name: `${noise.name}, as noisier` }],
      },
    ];
  },
  sensitivity: (found, protocol) => [
    { name: 'D of 4 and 1.5', effects: lastStage(found, protocol, [4, 1.5]) },
  ],
  plantedAs: {
    effect:
      'a constant schedule 7 and one of more noise 8 standard deviations by order above decay, as in the pilot',
    null: 'a constant schedule at 3, the end of the margin',
  },
  plant: (truth, protocol, seed) =>
    plantedSchedules(
      {
        constant: { d: truth === 'effect' ? 7 : 3, points: -0.3 },
        noisier: { d: 8, points: -1 },
        both: { d: 6, points: -0.9 },
      },
      protocol,
      seed,
    ),
  panels: (found, protocol) => [lossPanel(found, protocol, SHOWN)],
  tables: (found) => [armsTable(found, SHOWN)],
});
