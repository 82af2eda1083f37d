import { expect, test } from 'vitest';
import type { Study } from '../../src/experiments/claim.ts';
import { batchSweep } from '../../src/experiments/mccandlish/batchSweep/study.ts';
import { branchedBatches } from '../../src/experiments/mccandlish/criticalBatch/study.ts';
import { divergenceStudy } from '../../src/experiments/mccandlish/divergence/study.ts';
import { gradientDraws } from '../../src/experiments/mccandlish/gradientDraws/study.ts';
import { noiseTrajectory } from '../../src/experiments/mccandlish/noiseTrajectory/study.ts';
import { temperatureStudy } from '../../src/experiments/mccandlish/temperature/study.ts';
import type { Protocol } from '../../src/experiments/protocol.ts';
import { testGpu } from './device.ts';

const DATA = 'gaussian-clusters?examples=400&test=0&classes=3&dims=5&spread=2';
const host = { read: () => Promise.reject(new Error('no files')) };

/** Evidence of one cell of a small protocol, as a file gives it back. */
async function evidenceOf<P extends Protocol, Cell extends object, Evidence>(
  study: Study<P, Cell, Evidence>,
  changes: Partial<P>,
  which: (cell: Cell) => boolean = () => true,
): Promise<Evidence> {
  const cell = study.cells({ ...study.presets.quick, data: DATA, ...changes } as P).find(which)!;
  const running = study.run(await testGpu(), cell, host);
  for (;;) {
    const next = await running.next();
    if (next.done) return study.evidence.parse(JSON.parse(JSON.stringify(next.value)));
  }
}

test('distances of drawn gradients are tr Σ/B for examples drawn alike, and more for those of one class', async () => {
  const { mixed, oneClass, traceCovariance } = await evidenceOf(gradientDraws, {
    hidden: 4,
    examples: 128,
    batchSizes: [1, 16],
    draws: 100,
    checkpoints: [5],
  });
  for (const { batchSize, mean } of mixed) expect((batchSize * mean) / traceCovariance).toBeCloseTo(1, 0);
  expect(oneClass[1]!.mean).toBeGreaterThan(2 * mixed[1]!.mean);
});

test('a trajectory has looks at both kinds of examples, up to its last step', async () => {
  const { points } = await evidenceOf(
    noiseTrajectory,
    {
      examples: 64,
      longExamples: 64,
      taskExamples: 64,
      sizes: [32],
      seen: 32,
      fresh: 48,
      batchSize: 16,
      hidden: 4,
      steps: 40,
      longSteps: 40,
    },
    ({ arm }) => arm === 'base',
  );
  expect(points.at(-1)!.step).toBe(40);
  expect(points[0]!.train.examples).toBe(32);
  expect(points[0]!.fresh.examples).toBe(48);
  expect(points.at(-1)!.train.loss).toBeLessThan(points[0]!.train.loss);
});

test('arms at several temperatures start from one place', async () => {
  const { cooled, multiplied } = await evidenceOf(temperatureStudy, {
    examples: 64,
    hidden: 4,
    batchSize: 4,
    warmup: 20,
    steps: 40,
    looks: 2,
  });
  expect(cooled.map(({ looks }) => looks.length)).toEqual([2, 2, 2]);
  // ε and B as they are, and once the same arm among several.
  expect(multiplied[0]!.looks).toEqual(cooled[0]!.looks);
});

test('sweeps come to their goals, and the largest batch’s noise is measured on the way', async () => {
  const changes = {
    examples: 256,
    evaluated: 128,
    hidden: 8,
    batchSizes: [4, 16, 64],
    goals: [0.8, 0.9],
    noiseLooks: 3,
    probes: 2,
  };
  const { rates, noise } = await evidenceOf(
    batchSweep,
    changes,
    ({ task, batchSize, tuned }) => task === 'classifier' && batchSize === 64 && tuned,
  );
  const steps = rates.flatMap((rate) => (rate.steps[1] === null ? [] : [rate.steps[1]!]));
  expect(steps.length).toBeGreaterThan(0);
  expect(noise.length).toBeGreaterThan(0);
  const autoencoder = await evidenceOf(
    batchSweep,
    { ...changes, most: 2000, autoencoderGoals: [0.5, 5] },
    ({ task, batchSize }) => task === 'autoencoder' && batchSize === 32,
  );
  expect(autoencoder.rates).toHaveLength(5);
});

test('rates far beyond 2ε_opt raise the loss, rates far below lower it', async () => {
  const { loss, losses, breakEven } = await evidenceOf(divergenceStudy, {
    examples: 128,
    hidden: 8,
    start: 20,
    steps: 20,
    factors: [0.25, 1, 64],
  });
  expect(breakEven).toBeGreaterThan(0);
  expect(losses[0]).toBeLessThan(loss);
  expect(losses[2] === null || losses[2]! > loss).toBe(true);
});

test('branches of all batches and both rules end with a loss for each draw', async () => {
  const { branches, loss } = await evidenceOf(branchedBatches, {
    examples: 300,
    evaluated: 300,
    hidden: 8,
    snapshots: [60, 80],
    trunkBatchSize: 16,
    factors: [1, 4, 16],
    windows: [64, 128],
    rates: [0.05, 0.1, 0.2],
    orders: 3,
    probes: 4,
  });
  expect(loss).toBeGreaterThan(0);
  expect(branches.map(({ factor }) => factor)).toEqual([1, 4, 16]);
  for (const { tuned, proportional } of branches) {
    expect(tuned.map((ends) => ends.length)).toEqual([3, 3, 3]);
    expect(proportional).toHaveLength(3);
  }
});
