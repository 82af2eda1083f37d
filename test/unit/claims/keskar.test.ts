import { describe, expect, test } from 'vitest';
import { experiments } from '../../../src/experiments/index.ts';
import { asymmetry, riseAround } from '../../../src/experiments/keskar/alongLine.ts';
import { comparePairs, tunedRate } from '../../../src/experiments/keskar/comparePairs.ts';
import { distanceOf } from '../../../src/experiments/keskar/measureSolution.ts';
import { pairsStudy } from '../../../src/experiments/keskar/pairsStudy.ts';
import { plantPairs } from '../../../src/experiments/keskar/plantPairs.ts';
import { rescaled, reversedUnits } from '../../../src/experiments/keskar/symmetries.ts';
import { parseModel } from '../../../src/nn/modelSpec.ts';
import { testPlantedCases } from './plantedCases.ts';

const STUDIES = ['small-and-large', 'continued', 'rescaling'];
const claims = experiments.filter(({ study }) => study && STUDIES.includes(study.id));

test('all claims of Keskar’s studies are registered', () => {
  expect(claims.map(({ id }) => id).sort()).toEqual([
    'dinh-rescaling',
    'escape',
    'large-batch-nearer',
    'large-batch-sharper',
    'large-batch-tests-worse',
    'line-asymmetry',
    'one-parameter-picture',
    'tuned-batches-test-alike',
    'warm-start',
  ]);
});

describe.each(claims.map((claim) => [claim.id, claim] as const))('%s', (_, claim) => testPlantedCases(claim));

describe('a pair of solutions', () => {
  const { standard } = pairsStudy.presets;
  const found = plantPairs('effect', standard, 1);

  test('is of one unit, at one loss, and null where either is missing', () => {
    const values = comparePairs({ found, protocol: standard, pair: 'same', goal: 0 }, (second, first) => {
      expect(second.loss).toBe(first.loss);
      return second.distance / first.distance;
    });
    expect(values).toHaveLength(standard.units);
    const [first, ...others] = found;
    const { arms, lines } = first!.evidence;
    const lost = {
      cell: first!.cell,
      evidence: {
        lines,
        arms: arms.map((arm) =>
          arm.batch === 'large' ? { ...arm, solutions: arm.solutions.map(() => null) } : arm,
        ),
      },
    };
    const withLoss = [lost, ...others];
    const again = comparePairs({ found: withLoss, protocol: standard, pair: 'same', goal: 0 }, () => 1);
    expect(again.map((value) => value === null)).toEqual(withLoss.map((_, u) => u === 0));
    // No ε of the large batch is there in every unit: none is its best.
    expect(tunedRate(withLoss, standard, 'large', 0)).toBeNull();
    const tuned = comparePairs({ found: withLoss, protocol: standard, pair: 'tuned', goal: 0 }, () => 1);
    expect(tuned).toEqual(withLoss.map(() => null));
  });

  test('has its best ε by the validation part alone, one for all units', () => {
    const best = found.map(({ cell, evidence }) => ({
      cell,
      evidence: {
        ...evidence,
        arms: evidence.arms.map((arm) => ({
          ...arm,
          solutions: arm.solutions.map(
            (solution) =>
              solution && {
                ...solution,
                validationAccuracy: arm.lr === (arm.batch === 'small' ? 0.002 : 0.008) ? 0.9 : 0.8,
                testAccuracy: arm.lr === 0.004 ? 1 : 0.5,
              },
          ),
        })),
      },
    }));
    expect(tunedRate(best, standard, 'small', 0)).toBe(0.002);
    expect(tunedRate(best, standard, 'large', 0)).toBe(0.008);
  });

  test('lies on a line whose second differences are those of its ends', () => {
    const parabolas = [-1, -0.5, 0, 0.5, 1, 1.5, 2].map((alpha) => ({
      alpha,
      loss: alpha < 0.75 ? alpha ** 2 : 3 * (alpha - 1) ** 2,
      accuracy: 1,
      testLoss: 1,
      testAccuracy: 1,
    }));
    expect(riseAround(parabolas, 0, 0.5)).toBeCloseTo(0.25, 12);
    expect(asymmetry(parabolas, 0.5)).toBeCloseTo(2, 12);
    expect(asymmetry(null, 0.5)).toBeNull();
    expect(
      asymmetry(
        parabolas.map((point) => ({ ...point, loss: -point.loss })),
        0.5,
      ),
    ).toBeNull();
    expect(riseAround(parabolas, 0, 0.3)).toBeNull();
  });

  test('is refused where its ε is not among those of a batch', () => {
    expect(() => pairsStudy.cells({ ...standard, lr: 0.1 })).toThrow('smallRates');
  });
});

describe('symmetries of a perceptron', () => {
  const model = parseModel('model', {
    layers: [
      { type: 'Linear', in_features: 3, out_features: 2, bias: false },
      { type: 'ReLU' },
      { type: 'Linear', in_features: 2, out_features: 2 },
    ],
    loss: 'cross_entropy',
  });
  const weights = new Map([
    ['0.weight', Float32Array.of(0.3, -1.1, 0.7, 0.2, 0.9, -0.4)],
    ['2.weight', Float32Array.of(0.1, -0.6, 1.3, 0.8)],
    ['2.bias', Float32Array.of(0.5, -0.25)],
  ]);
  const outputs = (of: ReadonlyMap<string, Float32Array | Uint32Array>): number[] => {
    const [w1, w2, b] = ['0.weight', '2.weight', '2.bias'].map((name) => of.get(name) as Float32Array);
    const x = [0.9, -0.3, 0.5];
    const hidden = [0, 1].map((u) =>
      Math.max(
        0,
        x.reduce((sum, value, i) => sum + value * w1![3 * u + i]!, 0),
      ),
    );
    return [0, 1].map((o) => b![o]! + w2![2 * o]! * hidden[0]! + w2![2 * o + 1]! * hidden[1]!);
  };

  test('leave its outputs as they are', () => {
    expect(outputs(rescaled(model, weights, 32))).toEqual(outputs(weights));
    const reversed = reversedUnits(model, weights);
    outputs(reversed).forEach((value, o) => {
      expect(value).toBeCloseTo(outputs(weights)[o]!, 14);
    });
    expect([...(reversed.get('0.weight') as Float32Array)]).toEqual([
      ...Float32Array.of(0.2, 0.9, -0.4, 0.3, -1.1, 0.7),
    ]);
  });

  test('are refused of a layer with a bias', () => {
    const biased = parseModel('model', {
      layers: [
        { type: 'Linear', in_features: 3, out_features: 2 },
        { type: 'ReLU' },
        { type: 'Linear', in_features: 2, out_features: 2 },
      ],
      loss: 'cross_entropy',
    });
    expect(() => rescaled(biased, weights, 32)).toThrow('has a bias');
  });
});

test('distances are over all parameters', () => {
  const a = new Map([
    ['w', Float32Array.of(1, 2)],
    ['b', Float32Array.of(3)],
  ]);
  const b = new Map([
    ['w', Float32Array.of(1, 0)],
    ['b', Float32Array.of(4.5)],
  ]);
  expect(distanceOf(a, b)).toBe(2.5);
});
