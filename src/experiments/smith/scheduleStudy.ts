import { z } from 'zod';
import { firstExamples } from '../../data/firstExamples.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { train } from '../../train/train.ts';
import type { Study } from '../claim.ts';
import type { CellEvent } from '../experiment.ts';
import { perceptronLayers } from '../perceptronLayers.ts';
import { refused, requireAtLeast } from '../protocol.ts';
import {
  ARM_NAMES,
  ARMS,
  type ArmName,
  armOf,
  type ScheduleOptions,
  settingsOf,
  updatesOf,
} from './schedules.ts';

/**
 * Runs of one length in epochs in which ε is cut, or B grows, at the same epochs; and runs in which something else is done. All of a unit from
 * the same weights, with the same images and wrong labels, and the same order of them but in one. After each third of a stage the loss on all training images is taken, in eval mode and
 * without shifts.
 */
export type ScheduleProtocol = {
  readonly data: string;
  readonly labelNoise: number;
  readonly shift: number;
  readonly hidden: number;
  readonly examples: number;
  readonly lr: number;
  readonly momentum: number;
  readonly batch: number;
  readonly factor: number;
  readonly cuts: readonly number[];
  readonly tested: number;
  readonly units: number;
  readonly block: number;
  readonly seed: number;
};

/** An arm of some units. */
export type ScheduleCell = {
  readonly arm: ArmName;
  /** The first. */
  readonly unit: number;
  readonly units: number;
} & Omit<ScheduleProtocol, 'units' | 'block' | 'seed'>;

/** Looks at the loss within a stage. */
export const LOOKS = 3;

const evidence = z.strictObject({
  /** Taken, of every unit. */
  updates: z.int().positive(),
  units: z.array(
    z.strictObject({
      seed: z.int().nonnegative(),
      /** Mean training loss after each third of each stage; null from where it diverged. */
      losses: z.array(z.number().nullable()),
      testAccuracy: z.number().nullable(),
      testLoss: z.number().nullable(),
    }),
  ),
});
export type ScheduleEvidence = z.output<typeof evidence>;

const standard: ScheduleProtocol = {
  data: 'mnist?average_pool=2',
  labelNoise: 0.2,
  shift: 1,
  hidden: 64,
  examples: 4320,
  lr: 0.03,
  momentum: 0.9,
  batch: 16,
  factor: 3,
  cuts: [9, 18, 24, 30],
  tested: 10_000,
  units: 24,
  block: 8,
  seed: 1000,
};
const STUDY = { id: 'schedules' };
const CHART = 'Training loss over the epochs’ stages';

export const scheduleStudy: Study<ScheduleProtocol, ScheduleCell, ScheduleEvidence> = {
  ...STUDY,
  version: 1,
  presets: {
    quick: { ...standard, examples: 1440, cuts: [3, 6, 9], tested: 1000, units: 2, block: 2, seed: 0 },
    standard,
  },
  parts: {
    data: 'data set of images, by name or file',
    labelNoise: 'probability with which a label is replaced by another one',
    shift: 'pixels by which training images are shifted at most, either way',
    hidden: 'units of the perceptron’s hidden layer',
    examples: 'N',
    lr: 'ε at the start',
    momentum: 'm',
    batch: 'B at the start',
    factor: 'f by which ε is cut, or B grows',
    cuts: 'epochs at which that is done; the last is the end',
    tested: 'test images, the first',
    units: 'trunks: each with its own images, wrong labels, initial weights and order',
    block: 'units of a cell, the replicas of a program',
    seed: 'of the first unit',
  },
  series: { [CHART]: { x: { label: 'look' }, y: { label: 'loss', log: true } } },
  evidence,

  cells({ units, block, seed, ...rest }) {
    requireAtLeast(STUDY, 2, { units, cuts: rest.cuts, factor: rest.factor });
    if (rest.momentum >= 1) throw refused(STUDY, 'momentum', `is ${rest.momentum}, expected below 1`);
    for (const arm of ARM_NAMES) {
      const short = armOf(arm, rest).stages.find(({ steps }) => steps < LOOKS);
      if (short)
        throw refused(
          STUDY,
          'cuts',
          `the arm “${arm}” has a stage of ${short.steps} steps, expected at least ${LOOKS}`,
        );
    }
    return ARM_NAMES.flatMap((arm) =>
      Array.from({ length: Math.ceil(units / block) }, (_, b) => ({
        arm,
        unit: seed + b * block,
        units: Math.min(block, units - b * block),
        ...rest,
      })),
    );
  },

  cost({ arm, units, examples, tested, ...rest }) {
    const { stages } = armOf(arm, { ...rest, examples });
    const steps = stages.reduce((sum, { steps: n, batchSize }) => sum + n * (0.15 + 0.024 * batchSize), 0);
    const looks = stages.length * LOOKS * examples + tested;
    const seconds = (units * (steps + looks * 0.01)) / 1000 + 2;
    return { seconds, bytes: 4 * 200 * (units * (examples + 50_000) + tested) };
  },

  async *run(gpu, cell, host): AsyncGenerator<CellEvent, ScheduleEvidence, void> {
    const { arm, examples, labelNoise, shift, tested } = cell;
    yield { type: 'phase', phase: 'reading data' };
    const { test, ...data } = await loadDataset(cell.data, host);
    if (!test) throw refused(STUDY, 'data', `${cell.data} has no test part, expected one`);
    const { stages, momentum } = armOf(arm, cell);
    const seeds = Array.from({ length: cell.units }, (_, u) => cell.unit + u);
    const units = seeds.map((seed) => ({ seed, losses: [] as (number | null)[] }));
    yield { type: 'phase', phase: `training, ${ARMS[arm]}` };
    const settings = settingsOf({ momentum, stages });
    using run = await train(gpu, {
      model: perceptronLayers(data, cell.hidden),
      data,
      subset: examples,
      labelNoise,
      augment: { shift },
      ...settings,
      zip: { seed: seeds, orderSeed: seeds.map((seed) => orderSeedOf(seed, arm)) },
    });
    let from = 0;
    for (const { steps } of stages) {
      for (let look = 1; look <= LOOKS; look++) {
        const until = from + Math.round((steps * look) / LOOKS);
        for await (const { step } of run.readings(until)) {
          if (step % 50 === 0) yield { type: 'progress', done: step, total: settings.steps, unit: 'steps' };
        }
        const looks = await run.evaluate();
        for (const [u, { loss }] of looks.entries()) {
          units[u]!.losses.push(run.diverged(u) || !Number.isFinite(loss) ? null : loss);
        }
        const y = looks[0]!.loss;
        if (Number.isFinite(y)) {
          yield { type: 'series', chart: CHART, curve: arm, x: units[0]!.losses.length, y };
        }
      }
      from += steps;
    }
    const tests = await run.evaluate(firstExamples(test, tested));
    return {
      updates: run.steps,
      units: units.map((unit, u) => {
        const { loss, accuracy } = tests[u]!;
        const lost = unit.losses.at(-1) === null || !Number.isFinite(loss);
        return { ...unit, testAccuracy: lost ? null : accuracy, testLoss: lost ? null : loss };
      }),
    };
  },
};

/** One order for all arms but `again`, whose is of a seed that no unit has. */
function orderSeedOf(seed: number, arm: ArmName): number {
  return deriveSeed(arm === 'again' ? (seed + 2 ** 24) >>> 0 : seed, 'order');
}

/** Updates of an arm by the arithmetic of its stages: epochs·N/B. */
export function expectedUpdates(arm: ArmName, protocol: ScheduleOptions): number {
  return updatesOf(armOf(arm, protocol).stages);
}
