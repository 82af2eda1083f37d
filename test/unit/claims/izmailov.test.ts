import { describe, expect, test } from 'vitest';
import type { Experiment } from '../../../src/experiments/experiment.ts';
import { captureGeometry } from '../../../src/experiments/izmailov/captureGeometry.ts';
import { ensembleValues, scalingOf, softmaxRows } from '../../../src/experiments/izmailov/ensemble.ts';
import { iteratesCircle } from '../../../src/experiments/izmailov/iteratesCircle.ts';
import { pickReplicas } from '../../../src/experiments/izmailov/pickReplicas.ts';
import { leastAlong, sgdSwaSegment } from '../../../src/experiments/izmailov/sgdSwaSegment.ts';
import { skippingBatchNormPass } from '../../../src/experiments/izmailov/skippingBatchNormPass.ts';
import { swaAgainstEnsemble } from '../../../src/experiments/izmailov/swaAgainstEnsemble.ts';
import { swaAgainstSgd } from '../../../src/experiments/izmailov/swaAgainstSgd.ts';
import { swaCost } from '../../../src/experiments/izmailov/swaCost.ts';
import { swaHigherTrainLoss } from '../../../src/experiments/izmailov/swaHigherTrainLoss.ts';
import { swaPlane } from '../../../src/experiments/izmailov/swaPlane.ts';
import { armRates } from '../../../src/experiments/izmailov/swaSchedules.ts';
import { swaStudy } from '../../../src/experiments/izmailov/swaStudy.ts';
import { widerAlongRays } from '../../../src/experiments/izmailov/widerAlongRays.ts';
import { testPlantedCases } from './plantedCases.ts';

const claims: readonly Experiment[] = [
  swaAgainstSgd,
  swaHigherTrainLoss,
  iteratesCircle,
  widerAlongRays,
  swaPlane,
  sgdSwaSegment,
  skippingBatchNormPass,
  swaAgainstEnsemble,
  swaCost,
];

// A thousand units are planted of each, on machines that may be busy.
describe.each(claims.map((claim) => [claim.id, claim] as const))('%s', { timeout: 60_000 }, (_, claim) => {
  testPlantedCases(claim);
});

describe('the study of weight averaging', () => {
  test('has a cell a unit, and refuses a budget of which a quarter is no number of cycles', () => {
    const { standard } = swaStudy.presets;
    expect(swaStudy.cells(standard).map(({ unit }) => unit)).toEqual(
      Array.from({ length: standard.units }, (_, u) => 1000 + u),
    );
    expect(() => swaStudy.cells({ ...standard, cycle: 77 })).toThrow('steps: is');
  });

  test('has arms that share the trunk, and differ behind it', () => {
    const budget = { cycle: 10, steps: 80 };
    const rates = { lr: 0.1, constant: 0.5, cyclic: 0.4, least: 0.01 };
    const of = (arm: Parameters<typeof armRates>[0]) => [...armRates(arm, budget, rates)];
    const close = (values: readonly number[], expected: readonly number[]) =>
      expect(values.map((value) => Math.fround(value))).toEqual(expected.map(Math.fround));
    for (const arm of ['sgd 1', 'sgd 1.5', 'constant', 'cyclic', 'still'] as const) {
      close(of(arm).slice(0, 60), new Array(60).fill(0.1));
      expect(of(arm)).toHaveLength(120);
    }
    close(of('constant').slice(60), new Array(60).fill(0.05));
    close(of('still').slice(60), new Array(60).fill(0.001));
    // Down to a hundredth at its own budget.
    close([of('sgd 1')[79]!, of('sgd 1.5')[119]!], [0.001, 0.001]);
    close([of('sgd 1.5')[89]!], [0.1]);
    // t = 1/c at the first step of a cycle and 1 at the last, which is captured.
    close([of('cyclic')[60]!, of('cyclic')[69]!, of('cyclic')[70]!], [0.0361, 0.001, 0.0361]);
  });

  test('branches a state by picking replicas of it', () => {
    const state = {
      step: 3,
      rows: new Float32Array(),
      changes: [],
      states: new Map([
        ['theta', { dtype: 'F32' as const, shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
        ['counters', { dtype: 'U32' as const, shape: [2, 1], data: Uint32Array.of(7, 8) }],
      ]),
    };
    const { states, step } = pickReplicas(state, [1, 1, 0]);
    expect(step).toBe(3);
    expect(states.get('theta')).toEqual({
      dtype: 'F32',
      shape: [3, 2],
      data: Float32Array.of(3, 4, 3, 4, 1, 2),
    });
    expect(states.get('counters')!.data).toEqual(Uint32Array.of(8, 8, 7));
    expect(() => pickReplicas(state, [2])).toThrow('replica 2 of 2');
    expect(() => pickReplicas({ ...state, rows: Float32Array.of(1) }, [0])).toThrow('readings');
  });

  test('knows how captures lie about their mean', () => {
    const square = [
      [1, 1],
      [-1, 1],
      [-1, -1],
      [1, -1],
    ].map((at) => Float32Array.of(5 + at[0]!, at[1]!));
    const { distances, cosines, norm } = captureGeometry(square);
    expect(distances.map((distance) => distance / Math.SQRT2)).toEqual(
      [1, 1, 1, 1].map((one) => expect.closeTo(one, 12)),
    );
    expect(cosines).toEqual([0, 0, 0].map((none) => expect.closeTo(none, 12)));
    expect(norm).toBe(5);
  });

  test('averages probabilities, and knows how far answers are', () => {
    const logits = Float32Array.of(0, Math.log(3), 2, 2);
    const rows = softmaxRows(logits, 2);
    expect([...rows].map((p) => Number(p.toFixed(6)))).toEqual([0.25, 0.75, 0.5, 0.5]);
    const data = {
      name: 'two',
      x: new Float32Array(2),
      exampleShape: [1],
      examples: 2,
      targets: { kind: 'classes' as const, labels: Uint32Array.of(1, 0), classes: 2 },
    };
    const other = Float64Array.of(0.35, 0.65, 0.9, 0.1);
    const { loss, accuracy } = ensembleValues([rows, other], data);
    expect(accuracy).toBe(1);
    expect(loss).toBeCloseTo(-(Math.log(0.7) + Math.log(0.7)) / 2, 6);
    const centre = Float64Array.of(0, 0);
    const scaling = scalingOf(0.5, centre, [Float64Array.of(1, 1), Float64Array.of(-1, 1)]);
    expect(scaling).toEqual({ scale: 0.5, alone: 1, together: Math.SQRT1_2 });
  });

  test('finds where a loss is least between its points', () => {
    const at = [-1, -0.5, 0, 0.5, 1].map((t) => ({
      t,
      trainLoss: (t - 0.2) ** 2,
      testLoss: -t,
      testAccuracy: 0,
    }));
    expect(leastAlong(at, 'trainLoss')).toBeCloseTo(0.2, 12);
    expect(leastAlong(at, 'testLoss')).toBe(1);
  });
});
