import { z } from 'zod';
import { loadDataset } from '../../../data/loadDataset.ts';
import { conv2d, flatten, linear, maxPool2d, relu, sequential } from '../../../nn/layers.ts';
import { train } from '../../../train/train.ts';
import type { Study } from '../../claim.ts';
import { requireAtLeast } from '../../protocol.ts';
import { unitData } from '../unitData.ts';

/**
 * One epoch of a small convolutional net on MNIST, as a public replication of the paper's table has it (B = 128, ε = 0.01): |Ĝ|² and tr Σ of
 * mini-batches on the way, both unbiased of the distribution since no example is seen twice.
 */
export type RunAverageProtocol = {
  readonly data: string;
  readonly channels: readonly number[];
  readonly examples: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly momenta: readonly number[];
  readonly measureEvery: number;
  readonly windows: number;
  readonly units: number;
  readonly seed: number;
};

export type RunAverageCell = Omit<RunAverageProtocol, 'units' | 'seed' | 'momenta'> & {
  readonly momentum: number;
  readonly unit: number;
};

/** Means over a part of the run, the parts equally long. */
export interface Window {
  readonly loss: number;
  readonly gradNormSq: number;
  readonly traceCovariance: number;
}

export interface RunAverageEvidence {
  readonly windows: readonly Window[];
}

const standard: RunAverageProtocol = {
  data: 'mnist',
  channels: [8, 16],
  examples: 60_000,
  batchSize: 128,
  lr: 0.01,
  momenta: [0, 0.9],
  measureEvery: 2,
  windows: 20,
  units: 3,
  seed: 1000,
};

export const runAverage: Study<RunAverageProtocol, RunAverageCell, RunAverageEvidence> = {
  id: 'mnist-run-average',
  version: 1,
  presets: {
    quick: { ...standard, examples: 12_800, channels: [4, 8], windows: 5, units: 2, seed: 0 },
    standard,
  },
  parts: {
    data: 'data set of images, by name or file',
    channels: 'of the two convolutions, 3 × 3 with a pooling by 2 behind each',
    examples: 'seen once, in an order of the unit’s own',
    batchSize: 'B',
    lr: 'ε',
    momenta: 'of the runs: the first decides, the others are told beside',
    measureEvery: 'steps from one measurement to the next',
    windows: 'parts of the run in which |G|² and tr Σ are averaged',
    units: 'runs, the replicates',
    seed: 'of the first; the others’ follow',
  },
  evidence: z.strictObject({
    windows: z.array(
      z.strictObject({ loss: z.number(), gradNormSq: z.number(), traceCovariance: z.number() }),
    ),
  }),
  cells({ units, seed, momenta, ...rest }) {
    requireAtLeast(runAverage, 2, { units, channels: rest.channels, windows: rest.windows });
    return momenta.flatMap((momentum) =>
      Array.from({ length: units }, (_, u) => ({ momentum, unit: seed + u, ...rest })),
    );
  },
  cost: ({ examples, channels }) => ({
    seconds: 5 + (examples * channels[0]! * channels[1]!) / 128 / 700,
    bytes: 4 * 784 * examples + 2 ** 27,
  }),

  async *run(gpu, cell, host) {
    const { unit, data, channels, examples, batchSize, lr, momentum, measureEvery, windows } = cell;
    const { train: own } = unitData(await loadDataset(data, host), { unit, examples });
    const [first, second] = channels as [number, number];
    const side = own.exampleShape.at(-1)!;
    const left = Math.floor((Math.floor((side - 2) / 2) - 2) / 2);
    using run = await train(gpu, {
      model: sequential(
        conv2d(own.exampleShape[0]!, first, 3),
        relu(),
        maxPool2d(2),
        conv2d(first, second, 3),
        relu(),
        maxPool2d(2),
        flatten(),
        linear(second * left ** 2, 10),
      ),
      data: own,
      batchSize,
      lr,
      momentum,
      steps: Math.floor(examples / batchSize),
      seed: unit,
      noiseScaleEvery: measureEvery,
    });
    const steps = Math.floor(examples / batchSize);
    const sums = Array.from({ length: windows }, () => ({
      count: 0,
      loss: 0,
      gradNormSq: 0,
      traceCovariance: 0,
    }));
    for await (const { step, loss, gradNormSqUnbiased, traceCovariance } of run.readings()) {
      if (step % 20 === 0) yield { type: 'progress', done: step, total: steps, unit: 'steps' };
      if (gradNormSqUnbiased === undefined || traceCovariance === undefined) continue;
      const sum = sums[Math.min(windows - 1, Math.floor(((step - 1) / steps) * windows))]!;
      sum.count++;
      sum.loss += loss;
      sum.gradNormSq += gradNormSqUnbiased;
      sum.traceCovariance += traceCovariance;
    }
    return {
      windows: sums.map(({ count, loss, gradNormSq, traceCovariance }) => ({
        loss: loss / count,
        gradNormSq: gradNormSq / count,
        traceCovariance: traceCovariance / count,
      })),
    };
  },
};
