import { expect, test } from 'vitest';
import type { Interval } from '../../src/measure/statistics/interval.ts';
import { optimalRate } from '../../src/measure/statistics/localModel.ts';
import { type BatchControl, BatchController } from '../../src/train/batchController.ts';
import { LR_LAWS, rateFactor } from '../../src/train/batchRule.ts';
import { BatchSizes } from '../../src/train/batchSizes.ts';

const CONTROL: BatchControl = {
  examplesPerStep: 100,
  checkEvery: 10,
  confirm: 2,
  lrLaw: 'linear',
  sizes: [8, 16, 32, 64, 128],
};

/** What a reading tells of the noise scale. */
interface Noise {
  readonly bSimple: number;
  readonly bSimpleInterval: Interval | null;
  readonly bSimpleResolved: boolean;
}
const known = (bSimple: number, low: number, high: number): Noise => ({
  bSimple,
  bSimpleInterval: [low, high],
  bSimpleResolved: true,
});

/** A controller of a run at B = 16, whose readings tell what they are given as. */
function controlled(changes: Partial<BatchControl> = {}) {
  const batches = new BatchSizes([{ fromStep: 0, batchSize: 16 }]);
  const follow = (found: unknown) => found as never;
  const controller = new BatchController({ ...CONTROL, ...changes }, { place: 0, follow }, batches);
  let step = 0;
  /** Readings up to the next decision, the last of which tells this; and the decision. */
  const check = (noise: Noise) => {
    for (; step < controller.next; step++) read(noise);
    const change = controller.decide();
    if (change) batches.change({ fromStep: step, batchSize: change.batchSize });
    return change?.batchSize ?? null;
  };
  const read = (noise: Noise): void =>
    controller.take({
      replica: 0,
      step: step + 1,
      batchSize: batches.at(step),
      learningRate: 0.1,
      loss: 1,
      found: [noise],
    });
  return { check, controller, batches };
}

test('B becomes the size nearest to √(r·B_simple) once all of its interval asked for twice as much, at two checks in a row', () => {
  const { check } = controlled();
  // √(100·[20, 80]) is 45 to 89, all above 32; √(100·36) is 60.
  expect(check(known(36, 20, 80))).toBeNull();
  expect(check(known(36, 20, 80))).toBe(64);
  // And it stays where it is asked for what it is.
  for (let i = 0; i < 4; i++) expect(check(known(36, 20, 80))).toBeNull();
});

test('an interval that reaches into the hysteresis, or is none, changes nothing and ends the row', () => {
  const { check } = controlled();
  const grow = known(36, 20, 80);
  for (let i = 0; i < 3; i++) {
    expect(check(grow)).toBeNull();
    // √(100·10) is 31.6, below 32.
    expect(check(known(36, 10, 80))).toBeNull();
    expect(check(grow)).toBeNull();
    for (const interval of [null, [null, null], [0, null], [10, null]] as const) {
      expect(check({ bSimple: 1e4, bSimpleInterval: interval, bSimpleResolved: false })).toBeNull();
    }
    // Less than before, then more: not twice the same.
    expect(check(known(0.2, 0.1, 0.5))).toBeNull();
  }
  expect(check(grow)).toBeNull();
  expect(check(grow)).toBe(64);
});

test('a noise scale without an upper end asks for what its lower end does', () => {
  const { check } = controlled();
  // Far above B the gradient is not seen: the estimate itself may be negative.
  const open: Noise = { bSimple: -88, bSimpleInterval: [40, null], bSimpleResolved: false };
  expect(check(open)).toBeNull();
  expect(check(open)).toBe(64);
});

test('it shrinks alike, and stays within the sizes', () => {
  const { check } = controlled({ confirm: 1 });
  expect(check(known(0.2, 0.1, 0.5))).toBe(8);
  expect(check(known(1e6, 1e5, 1e7))).toBe(128);
  expect(check(known(1e-3, 1e-4, 0.3))).toBe(8);
  // What lies beyond the largest size asks for the largest.
  const { check: near } = controlled({ confirm: 1, sizes: [8, 16, 32] });
  expect(near(known(1e6, 1e5, 1e7))).toBe(32);
  expect(near(known(1e6, 1e5, 1e7))).toBeNull();
});

test('readings given once more, with the changes there were, lead to the same next decision', () => {
  const noises = [36, 36, 36, 0.2, 0.2, 300, 300, 300, 20].map((b) => known(b, b / 1.5, b * 1.5));
  const first = controlled();
  const all = noises.map(first.check);
  expect(all).toEqual([null, 64, null, null, 8, null, 128, null, null]);
  for (let restored = 1; restored < noises.length; restored++) {
    const { controller, batches } = controlled();
    for (const { fromStep, batchSize } of first.batches.entries) {
      if (fromStep > 0 && fromStep <= 10 * restored) batches.change({ fromStep, batchSize });
    }
    for (let step = 0; step < 10 * restored; step++) {
      const found = [noises[Math.floor(step / 10)]];
      controller.take({
        replica: 0,
        step: step + 1,
        batchSize: batches.at(step),
        learningRate: 0.1,
        loss: 1,
        found,
      });
    }
    // The last decision before the snapshot, which the run has had.
    expect(controller.next).toBe(10 * restored);
    expect(controller.decide()?.batchSize ?? null).toBe(all[restored - 1]);
  }
});

test('laws of ε: linear, √, none, and ε_opt(B) of the local model with B_simple in the place of B_noise', () => {
  expect(LR_LAWS.map((law) => rateFactor(law, 16, 64, 48))).toEqual([4, 2, 1, 4 / 1.75]);
  const local = { gradNormSq: 2, gHg: 3, traceHessianCovariance: 3 * 48 };
  expect(rateFactor('noise_scale', 16, 64, 48)).toBeCloseTo(
    optimalRate(local, 64)! / optimalRate(local, 16)!,
    12,
  );
  // Far below the noise scale it is the linear law, far above it none.
  expect(rateFactor('noise_scale', 16, 64, 1e9)).toBeCloseTo(4, 6);
  expect(rateFactor('noise_scale', 16, 64, 1e-9)).toBeCloseTo(1, 6);
});
