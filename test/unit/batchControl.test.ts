import { expect, test } from 'vitest';
import { batchControl, reversed } from '../../src/experiments/mccandlish/batchControl/index.ts';
import {
  type ArmRun,
  judgeBatchControl,
} from '../../src/experiments/mccandlish/batchControl/judgeBatchControl.ts';
import {
  BATCH_CONTROL,
  BATCH_CONTROL_MARGIN,
} from '../../src/experiments/mccandlish/batchControl/protocol.ts';
import { GoalWatch } from '../../src/experiments/mccandlish/batchControl/runToGoal.ts';

/** Runs in which each arm takes so many steps at its best ε, the middle of three. */
function runs(steps: Readonly<Record<ArmRun['arm'], number>>, best = 1): ArmRun[] {
  return (['fixed', 'controlled', 'yoked', 'reversed'] as const).flatMap((arm) =>
    (arm === 'fixed' ? [16, 32, 64] : [16]).flatMap((batchSize) =>
      [0.5, 1, 2].flatMap((factor) =>
        [0, 1, 2, 3].map((seed): ArmRun => {
          const off = 1 + Math.abs(Math.log2(factor / best)) + (batchSize === 32 || arm !== 'fixed' ? 0 : 1);
          const own = steps[arm] * off * (1 + 0.01 * Math.cos(5 * seed));
          return { arm, factor, seed, steps: own, examples: 10 * own, batches: [{ fromStep: 0, batchSize }] };
        }),
      ),
    ),
  );
}
const judged = (...of: Parameters<typeof runs>) => judgeBatchControl(runs(...of), 100, BATCH_CONTROL_MARGIN);

test('each arm has its best ε, the fixed ones their best B, and costs are compared seed by seed', () => {
  const found = judged({ fixed: 1000, controlled: 800, yoked: 900, reversed: 1000 });
  expect(found.best).toMatchObject({ batchSize: 32, factor: 1, atEdge: false });
  expect(found.arms).toHaveLength(6);
  expect(found.overFixed.value).toBeCloseTo(0.8, 10);
  expect(found.overYoked.value).toBeCloseTo(8 / 9, 10);
  expect(found.overReversed.value).toBeCloseTo(0.8, 10);
  expect(found.best.costs[0]).toBeCloseTo(1010 + 10_100 / 100, 6);
  expect(found.verdict).toBe('reproduced');
});

test('what a yoked run does as well is no merit of the control, and a best ε at the edge decides nothing', () => {
  expect(judged({ fixed: 1000, controlled: 800, yoked: 800, reversed: 900 }).verdict).toBe('not reproduced');
  expect(judged({ fixed: 1000, controlled: 1000, yoked: 1200, reversed: 900 }).verdict).toBe(
    'not reproduced',
  );
  const edge = judged({ fixed: 1000, controlled: 800, yoked: 900, reversed: 1000 }, 2);
  expect(edge.verdict).toBe('inconclusive');
  expect(edge.reason).toMatch(/edge of its grid/);
});

test('runs that do not come to their goal cost without bound, at that ε', () => {
  const all = runs({ fixed: 1000, controlled: 800, yoked: 900, reversed: 1000 }).map((run) =>
    run.arm === 'controlled' && run.factor === 1 && run.seed === 2
      ? { ...run, steps: null, examples: null }
      : run,
  );
  const { controlled } = judgeBatchControl(all, 100, BATCH_CONTROL_MARGIN);
  expect(controlled.factor).not.toBe(1);
});

test('the goal is interpolated by the logarithm of the loss between two looks; a run that diverged has none', () => {
  const watch = new GoalWatch(0.5);
  watch.look({ steps: 0, examples: 0 }, 2);
  watch.look({ steps: 100, examples: 1000 }, 1);
  watch.look({ steps: 140, examples: 2000 }, 0.25);
  watch.look({ steps: 180, examples: 3000 }, 0.1);
  expect(watch.at).toEqual({ steps: 120, examples: 1500 });
  const diverged = new GoalWatch(0.5);
  diverged.look({ steps: 0, examples: 0 }, Number.NaN);
  expect(diverged).toMatchObject({ done: true, at: null });
});

test('stages in the opposite order are as long as they were', () => {
  const table = [
    { fromStep: 0, batchSize: 16 },
    { fromStep: 40, batchSize: 64 },
    { fromStep: 100, batchSize: 128 },
  ];
  expect(reversed(table, 130)).toEqual([
    { fromStep: 0, batchSize: 128 },
    { fromStep: 30, batchSize: 64 },
    { fromStep: 90, batchSize: 16 },
  ]);
});

test('its planted cases come out as they should, whatever the preset', () => {
  for (const preset of Object.values(BATCH_CONTROL)) {
    const found = [
      {
        cell: { ...preset, fixed: 16 },
        evidence: { runs: runs({ fixed: 9, controlled: 9, yoked: 9, reversed: 9 }) },
      },
    ];
    const { planted, verdict } = batchControl.judge(found, preset);
    expect(planted.map(({ expected, holds }) => [expected, holds])).toEqual([
      ['reproduced', true],
      ['not reproduced', true],
    ]);
    expect(verdict).toBe('not reproduced');
  }
});
