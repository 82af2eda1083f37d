import { z } from 'zod';
import { loadDataset } from '../../../data/loadDataset.ts';
import { noise } from '../../../measure/noise.ts';
import { breakEvenRate, type LocalModel } from '../../../measure/statistics/localModel.ts';
import type { GivenTensors } from '../../../nn/givenTensors.ts';
import { train } from '../../../train/train.ts';
import type { Study } from '../../claim.ts';
import { requireAtLeast } from '../../protocol.ts';
import { perceptron } from '../perceptron.ts';
import { unitData } from '../unitData.ts';

/**
 * From a frozen point of a unit's training, runs at many ε go on with batches of one size: multiples of 2ε_opt(B), the rate beyond which
 * one step raises the loss, as G, H and Σ of all its examples say there. What is kept is the loss of all examples before and after.
 */
export type DivergenceProtocol = {
  readonly data: string;
  readonly hidden: number;
  readonly examples: number;
  readonly lr: number;
  readonly batchSize: number;
  readonly start: number;
  readonly batchSizes: readonly number[];
  readonly factors: readonly number[];
  readonly steps: number;
  readonly probes: number;
  readonly units: number;
  readonly seed: number;
};

export type DivergenceCell = Omit<DivergenceProtocol, 'units' | 'seed' | 'batchSizes'> & {
  readonly unit: number;
  readonly branchBatch: number;
};

export interface DivergenceEvidence {
  /** Where the runs start. */
  readonly loss: number;
  readonly local: LocalModel;
  /** 2ε_opt(B). */
  readonly breakEven: number;
  /** The loss after the steps, by factor; null where it is no finite number. */
  readonly losses: readonly (number | null)[];
}

const standard: DivergenceProtocol = {
  data: 'mnist?average_pool=2',
  hidden: 64,
  examples: 4096,
  lr: 0.1,
  batchSize: 32,
  start: 200,
  batchSizes: [8, 64, 512],
  factors: [0.25, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8, 11, 16, 32],
  steps: 200,
  probes: 16,
  units: 5,
  seed: 1000,
};

export const divergenceStudy: Study<DivergenceProtocol, DivergenceCell, DivergenceEvidence> = {
  id: 'training-divergence-rates',
  version: 1,
  presets: {
    quick: { ...standard, examples: 1024, batchSizes: [8, 64], steps: 60, probes: 8, units: 2, seed: 0 },
    standard,
  },
  parts: {
    data: 'data set, by name or file',
    hidden: 'units of the perceptron’s hidden layer',
    examples: 'N of each unit, of which G, H and Σ are',
    lr: 'ε of the units until they are frozen',
    batchSize: 'B of the units until then',
    start: 'steps until then',
    batchSizes: 'B of the runs that go on',
    factors: 'their ε, over the predicted 2ε_opt(B)',
    steps: 'that they go on for',
    probes: 'random signs behind tr(HΣ)',
    units: 'frozen runs, the replicates',
    seed: 'of the first unit; the others’ follow',
  },
  evidence: z.strictObject({
    loss: z.number(),
    local: z.strictObject({ gradNormSq: z.number(), gHg: z.number(), traceHessianCovariance: z.number() }),
    breakEven: z.number(),
    losses: z.array(z.number().nullable()),
  }),
  cells({ units, seed, batchSizes, ...rest }) {
    requireAtLeast(divergenceStudy, 2, { units, batchSizes, probes: rest.probes });
    requireAtLeast(divergenceStudy, 3, { factors: rest.factors });
    return Array.from({ length: units }, (_, u) => seed + u).flatMap((unit) =>
      batchSizes.map((branchBatch) => ({ unit, branchBatch, ...rest })),
    );
  },
  cost: ({ steps, factors, branchBatch, start, examples }) => ({
    seconds:
      0.5 + 0.0012 * examples + 0.0015 * start + steps * factors.length * (0.0004 + 0.000_016 * branchBatch),
    bytes: 2 ** 26 + 4 * 300 * branchBatch * factors.length,
  }),

  async *run(gpu, cell, host) {
    const { unit, data, hidden, lr, batchSize, start, branchBatch, factors, steps, probes } = cell;
    const { train: own } = unitData(await loadDataset(data, host), cell);
    const model = perceptron(own, hidden);
    yield { type: 'phase', phase: `unit ${unit}: training to step ${start}` };
    using trunk = await train(gpu, { model, data: own, batchSize, lr, steps: start, seed: unit });
    for await (const { step } of trunk.readings()) {
      if (step % 100 === 0) yield { type: 'progress', done: step, total: start, unit: 'steps' };
    }
    using point = await trunk.point(undefined, { mode: 'eval' });
    const { loss, gradNormSq, gHg, traceHessianCovariance } = await point.measure(
      noise({ probes, seed: unit }),
    );
    const local = {
      gradNormSq,
      gHg: gHg.value ?? 0,
      traceHessianCovariance: traceHessianCovariance.value ?? 0,
    };
    const breakEven = breakEvenRate(local, branchBatch) ?? 0;
    if (!(breakEven > 0)) return { loss, local, breakEven, losses: factors.map(() => null) };
    const weights: GivenTensors = Object.fromEntries(
      [...(await trunk.stateDict())].map(([name, { data: values }]) => [name, values as Float32Array]),
    );
    yield { type: 'phase', phase: `unit ${unit}: going on with B = ${branchBatch}` };
    const rates = factors.map((factor) => Math.fround(factor * breakEven));
    using run = await train(gpu, {
      model,
      data: own,
      weights,
      batchSize: branchBatch,
      order: 'iid',
      steps,
      seed: unit,
      grid: { lr: rates },
    });
    for await (const { step, replica } of run.readings()) {
      if (replica === 0 && step % 20 === 0)
        yield { type: 'progress', done: step, total: steps, unit: 'steps' };
    }
    const after = await run.evaluate();
    const losses = after.map(({ loss: end }, r) => (run.diverged(r) || !Number.isFinite(end) ? null : end));
    return { loss, local, breakEven, losses };
  },
};
