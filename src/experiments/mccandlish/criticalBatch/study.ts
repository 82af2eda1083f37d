import { z } from 'zod';
import { firstExamples } from '../../../data/firstExamples.ts';
import { loadDataset } from '../../../data/loadDataset.ts';
import { noise } from '../../../measure/noise.ts';
import { type LocalModel, noiseScale } from '../../../measure/statistics/localModel.ts';
import type { GivenTensors } from '../../../nn/givenTensors.ts';
import { train } from '../../../train/train.ts';
import type { Study } from '../../claim.ts';
import { refused, requireAtLeast } from '../../protocol.ts';
import { perceptron } from '../perceptron.ts';
import { unitData } from '../unitData.ts';

/**
 * From snapshots of a unit's run others branch, with batches of kB for a window of as many examples (Merrill et al. 2025), under two rules for
 * their rate: for each batch the best of a grid, and theirs for SGD, in proportion to the batch, from the unit's own. The best rate of one
 * step by the local model, ε_max/(1 + B_noise/kB), is no rule that holds: early on curvature along the gradient is about zero, or
 * negative. A branch's progress is the fall of the loss of a fixed part of the training examples, the mean over several draws of batches. The units train with a large batch: what small ones have heated cools in any branch,
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
  readonly rates: readonly number[];
  readonly windows: readonly number[];
  readonly orders: number;
  readonly probes: number;
  readonly units: number;
  readonly seed: number;
};

export type BranchCell = Omit<BranchProtocol, 'units' | 'seed' | 'snapshots' | 'windows'> & {
  readonly unit: number;
  readonly step: number;
  readonly window: number;
};

/** Losses at the end of the window by draw; null where a branch diverged. */
type Ends = readonly (number | null)[];

export interface BranchLosses {
  readonly factor: number;
  /** At each rate of the grid. */
  readonly tuned: readonly Ends[];
  readonly proportional: Ends;
}

export interface BranchEvidence {
  /** At the snapshot. */
  readonly loss: number;
  readonly local: LocalModel;
  /** tr Σ/|G|² there, null where it is not resolved. */
  readonly bSimple: number | null;
  readonly branches: readonly BranchLosses[];
}

const standard: BranchProtocol = {
  data: 'mnist?average_pool=2',
  hidden: 64,
  examples: 16384,
  evaluated: 2048,
  snapshots: [10, 100, 400],
  trunkBatchSize: 1024,
  lr: 0.1,
  batchSize: 4,
  factors: [1, 2, 4, 8, 16, 32, 64, 128],
  rates: [0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2],
  windows: [1024, 2048, 4096],
  orders: 8,
  probes: 16,
  units: 5,
  seed: 1000,
};

const losses = z.array(z.number().nullable());

export const branchedBatches: Study<BranchProtocol, BranchCell, BranchEvidence> = {
  id: 'branched-batches',
  version: 1,
  presets: {
    quick: {
      ...standard,
      snapshots: [10, 100],
      windows: [1024, 2048],
      evaluated: 1024,
      orders: 4,
      probes: 8,
      units: 2,
      seed: 0,
    },
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
    rates: 'ε from which each batch has its best, ascending',
    windows: 'examples that each branch takes, by snapshot: more where the loss falls slowly',
    orders: 'draws of each branch’s batches',
    probes: 'random signs behind tr(HΣ)',
    units: 'runs that branch, the replicates',
    seed: 'of the first unit; the others’ follow',
  },
  evidence: z.strictObject({
    loss: z.number(),
    local: z.strictObject({ gradNormSq: z.number(), gHg: z.number(), traceHessianCovariance: z.number() }),
    bSimple: z.number().nullable(),
    branches: z.array(
      z.strictObject({ factor: z.int().positive(), tuned: z.array(losses), proportional: losses }),
    ),
  }),
  cells({ units, seed, snapshots, windows, ...rest }) {
    const { factors, orders, batchSize } = rest;
    const id = { id: 'critical-batch' };
    requireAtLeast(id, 2, { units, snapshots, orders, probes: rest.probes });
    requireAtLeast(id, 3, { factors, rates: rest.rates });
    if (windows.length !== snapshots.length) {
      throw refused(id, 'windows', `has ${windows.length}, expected one a snapshot, ${snapshots.length}`);
    }
    for (const window of windows) {
      const odd = factors.find((factor) => window % (factor * batchSize) !== 0);
      if (odd === undefined) continue;
      const expected = `expected a multiple of the batch of ${odd * batchSize}`;
      throw refused(id, 'windows', `has ${window} examples, ${expected}`);
    }
    return Array.from({ length: units }, (_, u) => seed + u).flatMap((unit) =>
      snapshots.map((step, s) => ({ unit, step, window: windows[s]!, ...rest })),
    );
  },
  cost: ({ step, factors, rates, window, batchSize, orders }) => ({
    seconds:
      8 +
      0.002 * step +
      factors.reduce(
        (sum, k) => sum + (window / k / batchSize) * 0.003 + 0.00001 * window * orders * (rates.length + 1),
        0,
      ),
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
      rates,
      window,
      orders,
      probes,
    } = cell;
    const { train: own } = unitData(await loadDataset(data, host), cell);
    const seen = firstExamples(own, evaluated);
    const model = perceptron(own, hidden);
    const alike = { model, data: own, order: 'iid' as const };
    yield { type: 'phase', phase: `unit ${unit}: training to step ${step}` };
    using trunk = await train(gpu, {
      ...alike,
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
    const weights: GivenTensors = Object.fromEntries(
      [...(await trunk.stateDict())].map(([name, { data: values }]) => [name, values as Float32Array]),
    );
    // Draws of their own, none that of the trunk, the same for all k.
    const orderSeed = Array.from({ length: orders }, (_, o) => 1 + o);
    const branches: BranchLosses[] = [];
    for (const factor of factors) {
      yield { type: 'phase', phase: `unit ${unit}, step ${step}: branches of ${factor * batchSize}` };
      const B = factor * batchSize;
      const all = [...rates, (B / trunkBatchSize) * lr].map(Math.fround);
      using run = await train(gpu, {
        ...alike,
        weights,
        batchSize: B,
        steps: window / B,
        seed: unit,
        grid: { lr: all, orderSeed },
      });
      for await (const _ of run.readings());
      const ends = (await run.evaluate(seen)).map(({ loss: end }) => (Number.isFinite(end) ? end : null));
      const byRate = all.map((_, r) => ends.slice(r * orders, (r + 1) * orders));
      branches.push({ factor, tuned: byRate.slice(0, -1), proportional: byRate.at(-1)! });
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
