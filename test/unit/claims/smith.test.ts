import { describe, expect, test } from 'vitest';
import type { Experiment } from '../../../src/experiments/experiment.ts';
import { decayEqualsGrowth } from '../../../src/experiments/smith/decayEqualsGrowth.ts';
import { barrierOf, exploresFarther } from '../../../src/experiments/smith/exploresFarther.ts';
import { growthControls } from '../../../src/experiments/smith/growthControls.ts';
import { largerInitialRate } from '../../../src/experiments/smith/largerInitialRate.ts';
import { largerMomentum } from '../../../src/experiments/smith/largerMomentum.ts';
import { ARM_NAMES, armOf, settingsOf, updatesOf } from '../../../src/experiments/smith/schedules.ts';
import { testPlantedCases } from './plantedCases.ts';

const CLAIMS = [
  decayEqualsGrowth,
  growthControls,
  largerInitialRate,
  largerMomentum,
] as readonly Experiment[];

describe.each(CLAIMS.map((experiment) => [experiment.id, experiment] as const))('%s', (_, experiment) => {
  testPlantedCases(experiment, { cellPerUnit: false });
});

describe('explores-farther', () => {
  testPlantedCases(exploresFarther);

  test('measures a barrier from the higher end, as a share of it', () => {
    expect(barrierOf([0.4, 0.5, 0.2])).toBeCloseTo(0.25, 12);
    expect(barrierOf([0.4, 0.3, 0.2])).toBe(0);
  });
});

describe('schedules', () => {
  const { standard } = decayEqualsGrowth.presets;

  test('take the updates of the arithmetic', () => {
    const updates = Object.fromEntries(ARM_NAMES.map((arm) => [arm, updatesOf(armOf(arm, standard).stages)]));
    expect(updates).toEqual({
      decay: 8100,
      again: 8100,
      constant: 8100,
      hybrid: 4320,
      growth: 3480,
      both: 3480,
      noisier: 3480,
      'rate alone': 3480,
      'momentum alone': 3480,
      'larger rate': 1200,
      'larger momentum': 1200,
    });
  });

  test('have those of the paper, with its numbers: 78,125 and 34,375, but for rounding stage by stage', () => {
    const paper = {
      examples: 50_000,
      lr: 0.1,
      momentum: 0.9,
      batch: 128,
      factor: 5,
      cuts: [60, 120, 160, 200],
    };
    expect(Math.abs(updatesOf(armOf('decay', paper).stages) - 78_125)).toBeLessThanOrEqual(2);
    expect(Math.abs(updatesOf(armOf('hybrid', paper).stages) - 34_375)).toBeLessThanOrEqual(2);
    // The paper caps B at 5,120, here it stays at what a whole growth leaves below N/10: 3,200.
    expect(armOf('growth', paper).stages.map(({ batchSize }) => batchSize)).toEqual([128, 640, 3200, 3200]);
  });

  test('keep g and ε·epochs·N/B of decay where they are to be alike, and not where they are not', () => {
    const noise = (arm: (typeof ARM_NAMES)[number]) => {
      const { momentum, stages } = armOf(arm, standard);
      return stages.map(({ lr, batchSize }) => Number((lr / (batchSize * (1 - momentum))).toPrecision(6)));
    };
    const time = (arm: (typeof ARM_NAMES)[number]) => {
      const { momentum, stages } = armOf(arm, standard);
      return stages.map(({ lr, steps }) => Number(((lr * steps) / (1 - momentum)).toPrecision(6)));
    };
    for (const arm of ['again', 'growth', 'hybrid', 'larger rate', 'larger momentum'] as const) {
      expect(noise(arm), arm).toEqual(noise('decay'));
      expect(time(arm), arm).toEqual(time('decay'));
    }
    for (const arm of ['constant', 'both', 'noisier', 'rate alone', 'momentum alone'] as const) {
      expect(noise(arm), arm).not.toEqual(noise('decay'));
    }
    expect(time('noisier')).toEqual(time('decay'));
  });

  test('are as train takes them', () => {
    const { steps, schedule, batchSchedule } = settingsOf(armOf('larger rate', standard));
    expect(schedule.values).toHaveLength(steps);
    expect(batchSchedule).toEqual([
      { fromStep: 0, batchSize: 48 },
      { fromStep: 810, batchSize: 144 },
      { fromStep: 1080, batchSize: 432 },
    ]);
    expect([schedule.values[0], schedule.values.at(-1)]).toEqual(
      [0.03, 0.01].map((rate) => rate * (standard.lr / 0.01)),
    );
  });

  test('with a stage of less than three steps are refused', () => {
    expect(() =>
      decayEqualsGrowth.cells({ ...standard, examples: 1440, cuts: [1, 2, 3, 4], batch: 144 }),
    ).toThrow('cuts');
  });
});
