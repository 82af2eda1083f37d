import { z } from 'zod';
import { firstExamples } from '../../../data/firstExamples.ts';
import { loadDataset } from '../../../data/loadDataset.ts';
import { train } from '../../../train/train.ts';
import type { Study } from '../../claim.ts';
import { requireAtLeast } from '../../protocol.ts';
import { type NoiseAt, noiseAt, noiseAtParts } from '../noiseAt.ts';
import { perceptron } from '../perceptron.ts';
import { unitData } from '../unitData.ts';

/**
 * B_simple along runs of SGD that differ in their task, in how many examples they train on, or in their width: after steps a factor 2
 * apart, less later on, of examples that a run trains on (its first ones, `seen` at the most) and of fresh ones. All runs of a unit have its seed: the
 * same fresh examples, and fewer examples to train on are the beginning of more.
 */
export type NoiseTrajectoryProtocol = {
  readonly data: string;
  readonly harder: string;
  readonly hidden: number;
  readonly widths: readonly number[];
  readonly examples: number;
  readonly sizes: readonly number[];
  readonly labelNoises: readonly number[];
  readonly taskExamples: number;
  readonly seen: number;
  readonly fresh: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly stillLr: number;
  readonly steps: number;
  readonly longExamples: number;
  readonly longSteps: number;
  readonly longLr: number;
  readonly taskSteps: number;
  readonly stillSteps: number;
  readonly units: number;
  readonly seed: number;
};

/** What a run of a unit is there for. */
export type Arm =
  | 'long'
  | 'long, other data'
  | 'base'
  | 'still'
  | 'size'
  | 'width'
  | 'label noise'
  | 'easy'
  | 'harder'
  | 'random';

export type NoiseTrajectoryCell = {
  readonly unit: number;
  readonly arm: Arm;
  readonly data: string;
  readonly hidden: number;
  readonly examples: number;
  readonly labelNoise: number;
  readonly seen: number;
  readonly fresh: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly steps: number;
};

/** After so many steps. */
export interface TrajectoryPoint {
  readonly step: number;
  /** Of the examples that it trains on. */
  readonly train: NoiseAt;
  readonly fresh: NoiseAt;
}

export interface NoiseTrajectoryEvidence {
  readonly points: readonly TrajectoryPoint[];
}

/** Labels that say nothing of ten classes. */
const RANDOM = 0.9;

const standard: NoiseTrajectoryProtocol = {
  data: 'mnist?average_pool=2',
  harder: 'fashion-mnist?average_pool=2',
  hidden: 64,
  widths: [16, 256],
  examples: 8192,
  sizes: [2048, 32768],
  labelNoises: [0.04, 0.07],
  taskExamples: 1024,
  seen: 2048,
  fresh: 4096,
  batchSize: 128,
  lr: 0.1,
  stillLr: 0.0001,
  steps: 800,
  longExamples: 32768,
  longSteps: 4000,
  longLr: 0.03,
  taskSteps: 3200,
  stillSteps: 300,
  units: 7,
  seed: 1000,
};

export const noiseTrajectory: Study<NoiseTrajectoryProtocol, NoiseTrajectoryCell, NoiseTrajectoryEvidence> = {
  id: 'noise-trajectory',
  version: 1,
  presets: {
    quick: {
      ...standard,
      sizes: [2048],
      widths: [16],
      labelNoises: [0.07],
      examples: 4096,
      longExamples: 4096,
      seen: 1024,
      fresh: 1024,
      steps: 200,
      longSteps: 400,
      taskSteps: 300,
      units: 2,
      seed: 0,
    },
    standard,
  },
  parts: {
    data: 'data set, by name or file',
    harder: 'a data set of a harder task',
    hidden: 'units of the perceptron’s hidden layer',
    widths: 'hidden units of the arms that differ in them',
    examples: 'N that a run trains on',
    sizes: 'N of the arms that differ in it',
    labelNoises: 'shares of labels that are replaced, of the control’s arms',
    taskExamples: 'N of the arms that compare tasks: labels at random must be learnt by heart',
    seen: 'examples that a run trains on, at most, whose noise is measured',
    fresh: 'examples that no run trains on',
    batchSize: 'B of the runs',
    lr: 'ε of the runs',
    stillLr: 'ε of the control that all but stands still',
    steps: 'of the runs that are compared at one loss',
    longExamples: 'N of the runs whose noise scale is to grow',
    longSteps: 'of these',
    longLr: 'ε of these, small enough that it is not the rate that holds |G| up',
    taskSteps: 'of the runs that compare tasks',
    stillSteps: 'of the one that all but stands still',
    units: 'replicates of all arms',
    seed: 'of the first unit; the others’ follow',
  },
  series: {
    'B_simple of the run’s own examples': {
      x: { label: 'loss', log: true },
      y: { label: 'B_simple', log: true },
    },
  },
  evidence: z.strictObject({
    points: z.array(
      z.strictObject({
        step: z.int().nonnegative(),
        train: z.strictObject(noiseAtParts),
        fresh: z.strictObject(noiseAtParts),
      }),
    ),
  }),

  cells(protocol) {
    const { data, harder, hidden, examples, seen, fresh, batchSize, lr, steps, seed, units, taskExamples } =
      protocol;
    requireAtLeast(noiseTrajectory, 2, { units, examples, fresh });
    const base = {
      arm: 'base' as Arm,
      data,
      hidden,
      examples,
      labelNoise: 0,
      seen,
      fresh,
      batchSize,
      lr,
      steps,
    };
    const task = { ...base, examples: taskExamples, steps: protocol.taskSteps };
    const long = { ...base, examples: protocol.longExamples, steps: protocol.longSteps, lr: protocol.longLr };
    const arms: Omit<NoiseTrajectoryCell, 'unit'>[] = [
      { ...long, arm: 'long' },
      { ...long, arm: 'long, other data', data: harder },
      { ...long, arm: 'still', lr: protocol.stillLr, steps: protocol.stillSteps },
      base,
      ...protocol.sizes.map((N) => ({ ...base, arm: 'size' as Arm, examples: N })),
      ...protocol.widths.map((width) => ({ ...base, arm: 'width' as Arm, hidden: width })),
      ...protocol.labelNoises.map((labelNoise) => ({ ...base, arm: 'label noise' as Arm, labelNoise })),
      { ...task, arm: 'easy' },
      { ...task, arm: 'harder', data: harder },
      { ...task, arm: 'random', labelNoise: RANDOM },
    ];
    return Array.from({ length: units }, (_, u) => seed + u).flatMap((unit) =>
      arms.map((arm) => ({ unit, ...arm })),
    );
  },
  cost: ({ hidden, steps, fresh, seen, examples }) => ({
    seconds:
      2 +
      steps * (0.0011 + 0.000_004 * hidden) +
      looks(steps).length * (0.05 + (seen + fresh) * (2e-5 + 5e-7 * hidden)),
    bytes: 4 * 210 * (examples + seen + fresh) + 2 ** 26,
  }),

  async *run(gpu, cell, host) {
    const { unit, arm, data, hidden, batchSize, lr, steps } = cell;
    yield { type: 'phase', phase: `unit ${unit}, ${arm}: reading data` };
    const { train: own, fresh } = unitData(await loadDataset(data, host), cell);
    using run = await train(gpu, {
      model: perceptron(own, hidden),
      data: own,
      batchSize,
      lr,
      steps,
      seed: unit,
    });
    yield { type: 'phase', phase: `unit ${unit}, ${arm}: training` };
    const seen = firstExamples(own, Math.min(cell.seen, own.examples));
    const points: TrajectoryPoint[] = [];
    const [chart] = Object.keys(noiseTrajectory.series!) as [string];
    for (const step of looks(steps)) {
      for await (const _ of run.readings(step));
      using ofOwn = await run.point(undefined, { mode: 'eval', data: seen });
      using ofFresh = await run.point(undefined, { mode: 'eval', data: fresh });
      const point = { step, train: await noiseAt(ofOwn), fresh: await noiseAt(ofFresh) };
      points.push(point);
      const { loss, traceCovariance, gradNormSq } = point.train;
      yield {
        type: 'series',
        chart,
        curve: `unit ${unit}, ${arm}`,
        x: loss,
        y: traceCovariance / gradNormSq,
      };
      yield { type: 'progress', done: step, total: steps, unit: 'steps' };
    }
    return { points };
  },
};

/**
 * Steps at which a run is looked at: a factor 2 apart up to 32, a third of an octave from there on, and every twentieth of the run in its
 * last third.
 */
function looks(steps: number): number[] {
  const found = new Set<number>([steps]);
  for (let at = 1; at < steps; at *= at < 32 ? 2 : 2 ** (1 / 3)) found.add(Math.round(at));
  for (let part = 14; part < 20; part++) found.add(Math.round((part / 20) * steps));
  return [...found].sort((a, b) => a - b);
}
