import { z } from 'zod';
import { withDataOptions } from '../../data/dataOptions.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { initialStateDict } from '../../nn/init.ts';
import { deriveSeed } from '../../random/deriveSeed.ts';
import { memoryOf } from '../../train/requireFits.ts';
import { type TrainingOptions, TrainingRun } from '../../train/trainingRun.ts';
import type { Study } from '../claim.ts';
import { swaNet } from './swaNet.ts';

/**
 * What averaging costs beside plain SGD: two runs of one network, one of which takes its weights into an average after each cycle, take their cycles in
 * turns, A B B A, and each cycle is timed to the end of the device's work. A third way, in which BatchNorm's statistics of the average are made after each
 * cycle too, is what the claim says that one does not do. Times are of the machine: its evidence differs from run to run.
 */
export type AveragingCostProtocol = {
  readonly data: string;
  readonly examples: number;
  readonly channels: number;
  readonly batchSize: number;
  readonly cycle: number;
  readonly rounds: number;
  readonly units: number;
  readonly seed: number;
};

export type AveragingCostCell = Omit<AveragingCostProtocol, 'units' | 'seed'> & { readonly unit: number };

export interface AveragingCostEvidence {
  /** Seconds of each cycle: without an average, with one, and with BatchNorm's pass after each capture. */
  readonly plain: readonly number[];
  readonly averaged: readonly number[];
  readonly passes: readonly number[];
  /** Bytes of the two runs on the device. */
  readonly plainBytes: number;
  readonly averagedBytes: number;
}

const STANDARD: AveragingCostProtocol = {
  data: 'fashion-mnist?average_pool=2',
  examples: 1000,
  channels: 8,
  batchSize: 100,
  cycle: 40,
  rounds: 8,
  units: 6,
  seed: 1000,
};

/** Cycles of every run that are not timed, in which kernels are compiled. */
const WARM = 1;

const list = z.array(z.number());

export const averagingCostStudy: Study<AveragingCostProtocol, AveragingCostCell, AveragingCostEvidence> = {
  id: 'averaging-cost',
  version: 1,
  presets: {
    quick: { ...STANDARD, cycle: 20, rounds: 2, units: 2, seed: 0 },
    standard: STANDARD,
  },
  parts: {
    data: 'data set of square images, by name or file',
    examples: 'of the training data, drawn by each unit',
    channels: 'of the first convolution',
    batchSize: 'B',
    cycle: 'steps between captures, which are timed together',
    rounds: 'cycles of each run that are timed, in pairs of turns',
    units: 'pairs of runs',
    seed: 'of the first',
  },
  evidence: z.strictObject({
    plain: list,
    averaged: list,
    passes: list,
    plainBytes: z.number(),
    averagedBytes: z.number(),
  }),
  cells({ units, seed, ...of }) {
    return Array.from({ length: units }, (_, u) => ({ ...of, unit: seed + u }));
  },
  cost({ examples, channels, batchSize, cycle, rounds }) {
    return {
      seconds: 2 + 1.3e-5 * channels * batchSize * cycle * 3 * (2 * rounds + WARM),
      bytes: 4 * 3 * batchSize * 600 * channels + 200 * examples,
    };
  },
  async *run(gpu, { data, examples, channels, batchSize, cycle, rounds, unit }, host) {
    yield { type: 'phase', phase: 'reading data' };
    const all = await loadDataset(data, host);
    const train = withDataOptions(all, { subset: examples, dataSeed: deriveSeed(unit, 'data') });
    delete train.test;
    const classes = train.targets.kind === 'classes' ? train.targets.classes : 0;
    const model = swaNet(train.exampleShape.at(-1)!, channels, classes);
    const initial = initialStateDict(model, deriveSeed(unit, 'init'));
    const steps = cycle * (2 * rounds + WARM);
    const plain: TrainingOptions = {
      model,
      dataset: train,
      augmentation: { image: train.exampleShape as [number, number, number], shift: 1, flip: false },
      steps,
      batches: [{ fromStep: 0, batchSize }],
      sampling: 'shuffle',
      recordEvery: 0,
      replicas: [
        {
          seed: deriveSeed(unit, 'order'),
          dataSeed: deriveSeed(unit, 'data'),
          settings: { momentum: 0.9, dampening: 0, weightDecay: 5e-4, nesterov: false },
          rates: new Float32Array(steps).fill(0.05),
          weights: new Map([...initial].map(([name, { data: values }]) => [name, values])),
        },
      ],
    };
    const averaging = { kind: 'swa' as const, start: cycle, every: cycle };
    const scope = new Scope();
    try {
      const open = async (options: TrainingOptions): Promise<TrainingRun> =>
        scope.own(await TrainingRun.open(gpu, options));
      const runs = [
        { run: await open(plain), pass: false, seconds: [] as number[] },
        { run: await open({ ...plain, averaging }), pass: false, seconds: [] as number[] },
        { run: await open({ ...plain, averaging }), pass: true, seconds: [] as number[] },
      ];
      yield { type: 'phase', phase: 'timing' };
      for (let turn = 0; turn < WARM + 2 * rounds; turn++) {
        for (const each of turn % 2 === 0 ? runs : [...runs].reverse()) {
          const seconds = await timed(gpu, async () => {
            const { run } = each;
            for await (const _ of run.steps(run.submitted + cycle));
            if (each.pass) await run.finishAverage();
          });
          if (turn >= WARM) each.seconds.push(seconds);
        }
        yield { type: 'progress', done: turn + 1, total: WARM + 2 * rounds, unit: 'rounds' };
      }
      return {
        plain: runs[0]!.seconds,
        averaged: runs[1]!.seconds,
        passes: runs[2]!.seconds,
        plainBytes: await memoryOf(gpu, plain, 1),
        averagedBytes: await memoryOf(gpu, { ...plain, averaging }, 1),
      };
    } finally {
      scope.dispose();
    }
  },
};

/** Seconds of some work, from an idle device to an idle device. */
async function timed(gpu: Gpu, work: () => Promise<void>): Promise<number> {
  await gpu.device.queue.onSubmittedWorkDone();
  const from = performance.now();
  await work();
  await gpu.device.queue.onSubmittedWorkDone();
  return (performance.now() - from) / 1000;
}
