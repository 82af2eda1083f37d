import { z } from 'zod';
import { firstExamples } from '../../../data/firstExamples.ts';
import { loadDataset } from '../../../data/loadDataset.ts';
import { train } from '../../../train/train.ts';
import type { Study } from '../../claim.ts';
import { requireAtLeast } from '../../protocol.ts';
import { type NoiseAt, noiseAt, noiseAtSchema } from '../noiseAt.ts';
import { perceptron } from '../perceptron.ts';
import { unitData } from '../unitData.ts';

/**
 * B_simple along runs of SGD that differ in their task, in how many examples they train on, or in their width: after steps a factor 2
 * apart, of examples that a run trains on (its first ones, `seen` at the most) and of fresh ones. All runs of a unit have its seed: the
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
  readonly units: number;
  readonly seed: number;
};

/** What a run of a unit is there for. */
export type Arm =
  | 'base'
  | 'other data'
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
  labelNoises: [0.025, 0.05],
  taskExamples: 1024,
  seen: 2048,
  fresh: 8192,
  batchSize: 32,
  lr: 0.1,
  stillLr: 0.0001,
  steps: 3000,
  units: 5,
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
      labelNoises: [0.05],
      examples: 4096,
      fresh: 2048,
      steps: 1000,
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
    steps: 'of each run',
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
      z.strictObject({ step: z.int().nonnegative(), train: noiseAtSchema, fresh: noiseAtSchema }),
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
    const task = { ...base, examples: taskExamples };
    const arms: Omit<NoiseTrajectoryCell, 'unit'>[] = [
      base,
      { ...base, arm: 'other data', data: harder },
      { ...base, arm: 'still', lr: protocol.stillLr },
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
  cost: ({ hidden, steps, examples, fresh }) => ({
    seconds:
      2 +
      steps * (0.0006 + 0.000_004 * hidden) +
      12 * Math.log2(steps) * ((examples + fresh) / 16_384) * (0.03 + 0.002 * (hidden / 64)),
    bytes: 4 * 210 * (examples + fresh) + 2 ** 26,
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

/** Steps at which a run is looked at, a factor 2 apart: the last one is the run's. */
function looks(steps: number): number[] {
  const found = new Set<number>();
  for (let at = steps; at >= 1; at /= 2) found.add(Math.round(at));
  return [...found].sort((a, b) => a - b);
}
