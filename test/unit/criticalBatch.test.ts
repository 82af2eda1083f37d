import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type CriticalBatchEvidence, criticalBatch } from '../../src/experiments/criticalBatch/index.ts';
import { plantedBranches } from '../../src/experiments/criticalBatch/plantedNull.ts';
import { CRITICAL_BATCH, CRITICAL_BATCH_WITHDRAWN } from '../../src/experiments/criticalBatch/protocol.ts';
import {
  type SnapshotBranches,
  summariseCriticalBatch,
} from '../../src/experiments/criticalBatch/summariseCriticalBatch.ts';
import {
  type Branch,
  branchedCriticalBatch,
  crossing,
} from '../../src/measure/statistics/branchedCriticalBatch.ts';
import { normal } from '../../src/random/normal.ts';

/** Branches that keep up to a factor; beyond it seeds lie so far above, in turns. */
function keepingUpTo(last: number, excess: readonly [number, number] = [1, 1]): Branch[] {
  return [1, 2, 4, 8, 16].map((factor) => ({
    factor,
    losses: [0, 1, 2, 3].map((s) => 1 + 0.1 * s + (factor > last ? excess[s % 2]! : 0)),
  }));
}

function snapshot(step: number, branches: readonly Branch[]): SnapshotBranches {
  const local = { gradNormSq: 2, gHg: 4, traceHessianCovariance: 100 };
  return { step, loss: 1, branches, local, bNoiseProbeStderr: 3, traceCovariance: 30 };
}

const OPTIONS = { batchSize: 16, tolerance: 0.01 };

/** A run's evidence: two snapshots and the control. */
function judged(...last: readonly [number, number, number]) {
  const protocol = {
    ...CRITICAL_BATCH.standard,
    snapshots: [1, 2],
    factors: [1, 2, 4, 8, 16],
    batchSize: 16,
  };
  const found = criticalBatch.cells(protocol).map((cell, i) => ({
    cell,
    evidence: snapshot(cell.step, keepingUpTo(last[i]!)) as CriticalBatchEvidence,
  }));
  return criticalBatch.judge(found, protocol);
}

test('whatever is found the verdict is that the protocol is withdrawn, and why', () => {
  for (const [first, last, control] of [
    [2, 8, 8],
    [4, 4, 4],
    [8, 2, 2],
  ] as const) {
    const { verdict, reason, statistics, controls, detail } = judged(first, last, control);
    expect(verdict).toBe('withdrawn');
    expect(reason).toBe(CRITICAL_BATCH_WITHDRAWN);
    expect(detail.doublings.value).toBeCloseTo(Math.log2(last / first), 9);
    expect(statistics).toEqual([expect.objectContaining({ ...detail.doublings, margin: null })]);
    expect(detail.control.doublings.value).toBeCloseTo(0, 9);
    expect(controls.map(({ holds }) => holds)).toEqual([true]);
    expect(detail.snapshots[0]).toMatchObject({ bSimple: 15, bNoise: 25, bNoiseProbeStderr: 3 });
    expect(detail.snapshots[1]!.batchSize).toBe(16 * last);
  }
});

test('the planted null shows what it was withdrawn for: a rise where there is one noise scale', () => {
  const [check] = judged(2, 8, 8).planted;
  expect(check!.holds).toBe(false);
  const standard = CRITICAL_BATCH.standard;
  const [early, late] = [4, 0.08].map((loss) =>
    branchedCriticalBatch(plantedBranches(standard, loss), standard),
  );
  expect(late!.logFactor - early!.logFactor).toBeGreaterThan(1);
  // A tolerance in proportion to the loss finds none.
  const relative = branchedCriticalBatch(plantedBranches(standard, 0.08), {
    ...standard,
    tolerance: 0.01 / 50,
  });
  expect(relative.logFactor - early!.logFactor).toBeCloseTo(0, 6);
});

test('a branch that diverged is null in the evidence, and never keeps up', () => {
  const protocol = { ...CRITICAL_BATCH.standard, snapshots: [1, 2], factors: [1, 2, 4], batchSize: 16 };
  const found = criticalBatch.cells(protocol).map((cell) => ({
    cell,
    evidence: criticalBatch.evidence.parse({
      ...snapshot(cell.step, []),
      branches: [1, 2, 4].map((factor) => ({ factor, losses: factor === 4 ? [null, null] : [1, 1.1] })),
    }),
  }));
  const { detail } = criticalBatch.judge(found, protocol);
  expect(detail.snapshots.map(({ factor }) => factor)).toEqual([2, 2]);
});

test('an interval of doublings is of both ends’ intervals, and open where one of those is', () => {
  const noisy = summariseCriticalBatch(
    [snapshot(1, keepingUpTo(2, [0.02, 0.06])), snapshot(2, keepingUpTo(4, [0.02, 0.06]))],
    keepingUpTo(4),
    OPTIONS,
  );
  const [from, to] = noisy.snapshots.map(({ logFactor, logFactorInterval }) => ({
    at: logFactor,
    low: logFactorInterval![0]!,
    high: logFactorInterval![1]!,
  })) as [{ at: number; low: number; high: number }, { at: number; low: number; high: number }];
  const [low, high] = noisy.doublings.interval;
  expect(low).toBeCloseTo(noisy.doublings.value - Math.hypot(to.at - to.low, from.high - from.at), 12);
  expect(high).toBeCloseTo(noisy.doublings.value + Math.hypot(to.high - to.at, from.at - from.low), 12);
  expect(high! - low!).toBeGreaterThan(0);

  const open = summariseCriticalBatch(
    [snapshot(1, keepingUpTo(2)), snapshot(2, keepingUpTo(16))],
    keepingUpTo(16),
    OPTIONS,
  );
  expect(open.doublings.interval[0]).toBeLessThan(open.doublings.value + 1e-12);
  expect(open.doublings.interval[1]).toBeNull();
  expect(open.control.doublings.interval).toEqual([null, null]);
});

test('over 200 experiments the interval of doublings holds the truth 90 to 99 % of the time', () => {
  const factors = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
  const curve = (factor: number, scale: number): number => 1 + 0.02 * (factor / scale) ** 1.5;
  const [early, late] = [4, 10];
  // Where 0.02·((k/scale)^1.5 − (1/scale)^1.5) is the tolerance, between the grid's.
  const exact = (scale: number): number =>
    crossing(
      factors.map((factor) => ({ factor, loss: curve(factor, scale) })),
      0.02,
    );
  const truth = exact(late) - exact(early);
  let held = 0;
  const experiments = 200;
  for (let seed = 0; seed < experiments; seed++) {
    const branchesAt = (step: number, scale: number): Branch[] =>
      factors.map((factor, i) => ({
        factor,
        losses: Array.from(
          { length: 8 },
          (_, s) =>
            curve(factor, scale) +
            0.05 * normal(seed, 100 + step, s, 0) +
            0.006 * normal(seed, 50 * step + i, s, 0),
        ),
      }));
    const { doublings } = summariseCriticalBatch(
      [snapshot(1, branchesAt(1, early)), snapshot(2, branchesAt(2, late))],
      branchesAt(3, late),
      { batchSize: 1, tolerance: 0.02 },
    );
    const [low, high] = doublings.interval;
    if ((low === null || low <= truth) && (high === null || high >= truth)) held++;
  }
  console.info(`doublings of ${truth.toFixed(2)}: held in ${held} of ${experiments}`);
  expect(held / experiments).toBeGreaterThan(0.9);
  expect(held / experiments).toBeLessThan(0.99);
});

test('the result that passed is kept, marked withdrawn, with the reason', () => {
  const file = new URL('../../bench/results/critical-batch-chromium-swiftshader.json', import.meta.url);
  const kept = JSON.parse(readFileSync(file, 'utf8'));
  expect(kept).toMatchObject({
    verdict: 'withdrawn',
    verdictBefore: 'pass',
    reason: CRITICAL_BATCH_WITHDRAWN,
  });
  expect(kept.snapshots).toHaveLength(3);
});
