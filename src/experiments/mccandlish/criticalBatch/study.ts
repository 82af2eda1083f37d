import { z } from 'zod';
import { firstExamples } from '../../../data/firstExamples.ts';
import { loadDataset } from '../../../data/loadDataset.ts';
import { noise } from '../../../measure/noise.ts';
import { type LocalModel, noiseScale, optimalRate } from '../../../measure/statistics/localModel.ts';
import type { GivenTensors } from '../../../nn/givenTensors.ts';
import { train } from '../../../train/train.ts';
import type { Study } from '../../claim.ts';
import { refused, requireAtLeast } from '../../protocol.ts';
import { perceptron } from '../perceptron.ts';
import { unitData } from '../unitData.ts';

/**
 * From snapshots of a unit's run others branch, with batches of kB for a window of as many examples (Merrill et al. 2025), under two rules for
 * their rate: half the best of one step at that batch, ε_opt(kB) = ε_max/(1 + B_noise/kB) with the constants measured at the snapshot, and
 * theirs for SGD, in proportion to the batch, from the unit's own. A branch's progress is the fall of the loss of a fixed part of the training
 * examples, the mean over several draws of batches. The units train with a large batch: what small ones have heated cools in any branch,
 * and that would count as progress.
 */
export type BranchProtocol = {
  readonly data: string;
  readonly hidden: number;
  readonly examples: number;
  readonly evaluated: number;
  readonly snapshots: readonly number[];
  readonly trunkBatchSize: number;
  readonly lr: number;
  readonly batchSize: number;
  readonly factors: readonly number[];
  readonly share: number;
  readonly window: number;
  readonly orders: number;
  readonly probes: number;
  readonly units: number;
  readonly seed: number;
};

export type BranchCell = Omit<BranchProtocol, 'units' | 'seed' | 'snapshots'> & {
  readonly unit: number;
  readonly step: number;
};

/** Losses at the end of the window by draw; null where a branch diverged. */
export interface BranchLosses {
  readonly factor: number;
  readonly optimal: readonly (number | null)[];
  readonly proportional: readonly (number | null)[];
}

export interface BranchEvidence {
  /** At the snapshot. */
  readonly loss: number;
  readonly local: LocalModel;
  /** tr Σ/|G|² there, null where it is not resolved. */
  readonly bSimple: number | null;
  /** None where the local model has no best rate. */
  readonly branches: readonly BranchLosses[];
}

const standard: BranchProtocol = {
  data: 'mnist?average_pool=2',
  hidden: 64,
  examples: 16384,
  evaluated: 4096,
  snapshots: [100, 200, 400],
  trunkBatchSize: 128,
  lr: 0.1,
  batchSize: 4,
  factors: [1, 2, 4, 8, 16, 32, 64, 128],
  share: 0.5,
  window: 1024,
  orders: 16,
  probes: 16,
  units: 5,
  seed: 1000,
};

const losses = z.array(z.number().nullable());

export const branchedBatches: Study<BranchProtocol, BranchCell, BranchEvidence> = {
  id: 'branched-batches',
  version: 1,
  presets: {
    quick: { ...standard, snapshots: [100, 200], evaluated: 1024, orders: 4, probes: 8, units: 2, seed: 0 },
    standard,
  },
  parts: {
    data: 'data set, by name or file',
    hidden: 'units of the perceptron’s hidden layer',
    examples: 'N that a unit trains on',
    evaluated: 'of these, the first, whose loss and local model are measured',
    snapshots: 'steps of a unit at which it branches',
    trunkBatchSize: 'B of the units: large, so that no noise is there to be cooled when they branch',
    lr: 'ε of the units',
    batchSize: 'of the smallest branches, as large a batch as k times',
    factors: 'k of the branches, with batches of kB',
    share:
      'of ε_opt(kB) that the branches take: many steps at all of it leave the place where it was measured',
    window: 'examples that each branch takes',
    orders: 'draws of each branch’s batches',
    probes: 'random signs behind tr(HΣ)',
    units: 'runs that branch, the replicates',
    seed: 'of the first unit; the others’ follow',
  },
  evidence: z.strictObject({
    loss: z.number(),
    local: z.strictObject({ gradNormSq: z.number(), gHg: z.number(), traceHessianCovariance: z.number() }),
    bSimple: z.number().nullable(),
    branches: z.array(z.strictObject({ factor: z.int().positive(), optimal: losses, proportional: losses })),
  }),
  cells({ units, seed, snapshots, ...rest }) {
    const { factors, orders, window, batchSize } = rest;
    const id = { id: 'critical-batch' };
    requireAtLeast(id, 2, { units, snapshots, orders, probes: rest.probes });
    requireAtLeast(id, 3, { factors });
    const odd = factors.find((factor) => window % (factor * batchSize) !== 0);
    if (odd !== undefined) {
      const expected = `expected a multiple of the batch of ${odd * batchSize}`;
      throw refused(id, 'window', `is ${window} examples, ${expected}`);
    }
    return Array.from({ length: units }, (_, u) => seed + u).flatMap((unit) =>
      snapshots.map((step) => ({ unit, step, ...rest })),
    );
  },
  cost: ({ step, factors, window, batchSize, orders }) => ({
    seconds:
      8 +
      0.002 * step +
      factors.reduce((sum, k) => sum + (window / k / batchSize) * 0.003 + 0.00002 * window * orders, 0),
    bytes: 2 ** 27,
  }),

  async *run(gpu, cell, host) {
    const {
      unit,
      step,
      data,
      hidden,
      evaluated,
      trunkBatchSize,
      batchSize,
      lr,
      factors,
      share,
      window,
      orders,
      probes,
    } = cell;
    const { train: own } = unitData(await loadDataset(data, host), cell);
    const seen = firstExamples(own, evaluated);
    const model = perceptron(own, hidden);
    const all = { model, data: own, order: 'iid' as const };
    yield { type: 'phase', phase: `unit ${unit}: training to step ${step}` };
    using trunk = await train(gpu, {
      ...all,
      batchSize: trunkBatchSize,
      lr,
      steps: step,
      seed: unit,
    });
    for await (const reading of trunk.readings()) {
      if (reading.step % 200 === 0)
        yield { type: 'progress', done: reading.step, total: step, unit: 'steps' };
    }
    using point = await trunk.point(undefined, { mode: 'eval', data: seen });
    const found = await point.measure(noise({ probes, seed: unit }));
    const { loss, gradNormSqUnbiased, traceHessianCovariance, gHg, bSimple, bSimpleResolved } = found;
    // What the measured examples have of their own noise is taken off.
    const trace = traceHessianCovariance.value ?? 0;
    const local = {
      gradNormSq: gradNormSqUnbiased.value ?? 0,
      gHg: (gHg.value ?? 0) - trace / evaluated,
      traceHessianCovariance: trace,
    };
    const simple = bSimpleResolved ? bSimple.value : null;
    const usable = local.gradNormSq > 0 && local.gHg > 0 && trace > 0;
    if (!usable) return { loss, local, bSimple: simple, branches: [] };
    const weights: GivenTensors = Object.fromEntries(
      [...(await trunk.stateDict())].map(([name, { data: values }]) => [name, values as Float32Array]),
    );
    // Draws of their own, none that of the trunk, the same for all k.
    const orderSeed = Array.from({ length: orders }, (_, o) => 1 + o);
    const branches: BranchLosses[] = [];
    for (const factor of factors) {
      yield { type: 'phase', phase: `unit ${unit}, step ${step}: branches of ${factor * batchSize}` };
      const B = factor * batchSize;
      const rates = [share * optimalRate(local, B)!, (B / trunkBatchSize) * lr].map(Math.fround);
      using run = await train(gpu, {
        ...all,
        weights,
        batchSize: B,
        steps: window / B,
        seed: unit,
        grid: { lr: rates, orderSeed },
      });
      for await (const _ of run.readings());
      const ends = (await run.evaluate(seen)).map(({ loss: end }) => (Number.isFinite(end) ? end : null));
      branches.push({ factor, optimal: ends.slice(0, orders), proportional: ends.slice(orders) });
      yield { type: 'progress', done: branches.length, total: factors.length, unit: 'branches' };
    }
    return { loss, local, bSimple: simple, branches };
  },
};

/** B_noise of a snapshot; null where curvature along the gradient is none. */
export function noiseScaleOf({ local }: BranchEvidence): number | null {
  const scale = noiseScale(local);
  return scale !== null && scale > 0 ? scale : null;
}
