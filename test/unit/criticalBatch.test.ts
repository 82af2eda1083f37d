import { expect, test } from 'vitest';
import { judgeCriticalBatch, type SnapshotBranches } from '../../src/experiments/criticalBatch.ts';
import type { Branch } from '../../src/measure/branchedCriticalBatch.ts';

/** Branches that keep up to a factor, all seeds alike. */
function keepingUpTo(last: number): Branch[] {
  return [1, 2, 4, 8].map((factor) => ({
    factor,
    losses: Array.from({ length: 4 }, (_, s) => 1 + 0.1 * s + (factor > last ? 1 : 0)),
  }));
}

function snapshot(step: number, last: number): SnapshotBranches {
  const local = { gradNormSq: 2, gHg: 4, traceHessianCovariance: 100 };
  return { step, loss: 1, branches: keepingUpTo(last), local, traceCovariance: 30 };
}

const OPTIONS = { batchSize: 16, tolerance: 0.01 };

test('a critical batch that doubles passes, one that stays fails, and a control that keeps up takes a pass back', () => {
  const rising = [snapshot(1, 1), snapshot(2, 4)];
  const passed = judgeCriticalBatch(rising, keepingUpTo(2), OPTIONS, 0);
  expect(passed.verdict).toBe('pass');
  expect(passed.doublings).toEqual({ value: 2, interval: [2, 2] });
  expect(passed.snapshots.map(({ batchSize }) => batchSize)).toEqual([16, 64]);
  expect(passed.snapshots[0]).toMatchObject({ bSimple: 15, bNoise: 25, atLeast: false });
  expect(passed.control).toMatchObject({ factor: 2, batchSize: 32 });
  expect(judgeCriticalBatch(rising, keepingUpTo(8), OPTIONS, 0).verdict).toBe('inconclusive');
  expect(judgeCriticalBatch([snapshot(1, 4), snapshot(2, 4)], keepingUpTo(1), OPTIONS, 0).verdict).toBe(
    'fail',
  );
});
