import { expect, test } from 'vitest';
import { judgeCriticalBatch, type SnapshotBranches } from '../../src/experiments/criticalBatch.ts';
import type { Branch } from '../../src/measure/branchedCriticalBatch.ts';

/** Branches of four seeds: as good up to k = 4, then with so much more loss at 8 in turns, and much more at 16. */
function branchesOf(...excess: readonly [number, number]): Branch[] {
  const above: Record<number, readonly [number, number]> = { 8: excess, 16: [1, 1] };
  return [1, 2, 4, 8, 16].map((factor) => ({
    factor,
    losses: [0, 1, 2, 3].map((s) => 1 + 0.1 * s + (above[factor]?.[s % 2] ?? 0)),
  }));
}

/** Branches that keep up to a factor, all seeds alike. */
function keepingUpTo(last: number): Branch[] {
  return [1, 2, 4, 8, 16].map((factor) => ({
    factor,
    losses: [0, 1, 2, 3].map((s) => 1 + 0.1 * s + (factor > last ? 1 : 0)),
  }));
}

function snapshot(step: number, branches: readonly Branch[]): SnapshotBranches {
  const local = { gradNormSq: 2, gHg: 4, traceHessianCovariance: 100 };
  return { step, loss: 1, branches, local, traceCovariance: 30 };
}

const OPTIONS = { batchSize: 16, tolerance: 0.01 };

function judge(first: number, last: number, control: number) {
  const found = [snapshot(1, keepingUpTo(first)), snapshot(2, keepingUpTo(last))];
  return judgeCriticalBatch(found, keepingUpTo(control), OPTIONS, 0);
}

test('a critical batch that doubles passes, one that stays fails', () => {
  const passed = judge(2, 8, 8);
  expect(passed.verdict).toBe('pass');
  expect(passed.doublings).toEqual({ value: 2, interval: [2, 2] });
  expect(passed.snapshots.map(({ batchSize }) => batchSize)).toEqual([32, 128]);
  expect(passed.snapshots[0]).toMatchObject({ bSimple: 15, bNoise: 25, atLeast: false, atMost: false });
  expect(passed.control).toMatchObject({
    factor: 8,
    batchSize: 128,
    doublings: { value: 0, interval: [0, 0] },
  });
  expect(judge(4, 4, 4).verdict).toBe('fail');
  expect(judge(8, 2, 2).verdict).toBe('fail');
});

test('a control that rises or falls without time takes the verdict back, one within its noise does not', () => {
  for (const moved of [2, 4]) expect(judge(2, 8, moved).verdict).toBe('inconclusive');
  expect(judge(4, 4, 8).verdict).toBe('inconclusive');
  // At 8 the mean over the seeds is near the tolerance, above it or below: one step of the grid is noise.
  const [above, below] = [branchesOf(0.1, -0.05), branchesOf(0.05, -0.1)];
  const { control, doublings, verdict } = judgeCriticalBatch(
    [snapshot(1, keepingUpTo(1)), snapshot(2, below)],
    above,
    OPTIONS,
    0,
  );
  expect(control.doublings.value).toBe(-1);
  expect(control.doublings.interval[1]).toBeGreaterThan(0);
  expect(doublings.value).toBe(3);
  expect(verdict).toBe('pass');
});

test('an end of the grid bounds on one side only', () => {
  // The first at the lower end: the rise is that or more.
  const low = judge(1, 4, 4);
  expect(low.snapshots[0]).toMatchObject({ atMost: true, atLeast: false });
  expect(low.doublings).toEqual({ value: 2, interval: [2, null] });
  expect(low.verdict).toBe('pass');
  expect(judge(1, 1, 1).verdict).toBe('inconclusive');
  // The last at the upper end, and with it the control: both could be anything above, so that nothing is controlled.
  const high = judge(8, 16, 16);
  expect(high.doublings).toEqual({ value: 1, interval: [1, null] });
  expect(high.control.doublings).toEqual({ value: 0, interval: [null, null] });
  expect(high.verdict).toBe('inconclusive');
  // From beyond the upper end a fall is at least what it is.
  expect(judge(16, 4, 4).doublings).toEqual({ value: -2, interval: [null, -2] });
  expect(judge(16, 4, 4).verdict).toBe('fail');
});
