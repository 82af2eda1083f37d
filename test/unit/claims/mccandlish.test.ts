import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.ts';
import { syntheticDataset } from '../../../src/data/synthetic.ts';
import { experiments } from '../../../src/experiments/index.ts';
import { fitStepsLaw } from '../../../src/experiments/mccandlish/batchSweep/fitStepsLaw.ts';
import { GoalSteps } from '../../../src/experiments/mccandlish/batchSweep/goalSteps.ts';
import { bestRate } from '../../../src/experiments/mccandlish/batchSweep/readSweeps.ts';
import { keepingUp } from '../../../src/experiments/mccandlish/criticalBatch/keepingUp.ts';
import { divergingRate } from '../../../src/experiments/mccandlish/divergence/trainingDivergence.ts';
import { populationNoiseScale, trainingNoiseScale } from '../../../src/experiments/mccandlish/noiseAt.ts';
import {
  noiseAtLoss,
  ofFresh,
} from '../../../src/experiments/mccandlish/noiseTrajectory/readTrajectories.ts';
import { plateauNoise } from '../../../src/experiments/mccandlish/temperature/temperature.ts';
import { unitData } from '../../../src/experiments/mccandlish/unitData.ts';
import { powerLawSlope, straightLine } from '../../../src/measure/statistics/straightLine.ts';

const claims = experiments.filter(({ record }) => record?.paper === 'mccandlish');
const SEEDS = 40;

describe.each(claims.map((claim) => [claim.id, claim] as const))('%s', (_, claim) => {
  const { standard, quick } = claim.presets;

  test('planted effects are found, planted nulls are not', () => {
    const reproduced = (truth: 'effect' | 'null'): number =>
      Array.from({ length: SEEDS }, (_, seed) =>
        claim.verdictOf!(claim.plant!(truth, standard, seed), standard),
      ).filter((verdict) => verdict === 'reproduced').length;
    // Of 40 at a rate of 0.9 six or more fail with p = 0.2 %; at 0.05 seven or more are reproduced with p = 0.3 %.
    expect(reproduced('effect')).toBeGreaterThanOrEqual(29);
    expect(reproduced('null')).toBeLessThanOrEqual(6);
  }, 120_000);

  test('evidence is what its form says, after a round trip, in the order of the cells', () => {
    for (const protocol of [quick, standard]) {
      const cells = claim.cells(protocol);
      const found = claim.plant!('effect', protocol, 3);
      expect(found.map(({ cell }) => cell)).toEqual(cells);
      for (const { cell, evidence } of found) {
        expect(claim.evidence.parse(JSON.parse(JSON.stringify(evidence)))).toEqual(evidence);
        const { seconds, bytes } = claim.cost!(cell);
        expect(seconds).toBeGreaterThan(0);
        expect(bytes).toBeGreaterThan(0);
      }
    }
  });

  test('planted evidence has a whole outcome: controls that are not reproduced, a figure, tables', () => {
    const outcome = claim.judge(claim.plant!('effect', standard, 11), standard);
    expect(outcome.controls.length).toBeGreaterThan(0);
    expect(outcome.controls.filter(({ holds }) => !holds)).toEqual([]);
    expect(outcome.planted.filter(({ holds }) => !holds)).toEqual([]);
    expect(claim.figure(outcome).panels.length).toBeGreaterThan(0);
    for (const { columns, rows } of claim.tables?.(outcome) ?? []) {
      for (const row of rows) expect(row).toHaveLength(columns.length);
    }
  });

  test('verdicts have seeds that no pilot has, and as many units as the record says', () => {
    expect(quick.seed).toBeLessThan(1000);
    expect(standard.seed).toBeGreaterThanOrEqual(1000);
    const seeds = claim.cells(standard).map((cell) => {
      const { unit, trunk } = cell as { unit?: number; trunk?: number };
      return unit ?? trunk ?? 0;
    });
    const units = new Set(seeds).size;
    expect(claim.record!.power.units).toBe(
      claim.id === 'batch-control' ? (standard as { seeds?: number }).seeds : units,
    );
  });
});

test('lines and power laws are those of least squares', () => {
  expect(
    straightLine([
      { x: 0, y: 1 },
      { x: 1, y: 3 },
      { x: 2, y: 5 },
    ]),
  ).toEqual({ slope: 2, intercept: 1 });
  expect(
    straightLine([
      { x: 1, y: 1 },
      { x: 1, y: 2 },
    ]),
  ).toBeNull();
  expect(powerLawSlope([1, 4, 16].map((x) => ({ x, y: 3 * x ** -0.5 })))).toBeCloseTo(-0.5, 12);
});

test('S = S_min(1 + B_crit/B) is recovered, and what bends otherwise leaves residuals', () => {
  const sizes = [2, 4, 8, 16, 32, 64, 128, 256, 512];
  const exact = fitStepsLaw(sizes.map((batchSize) => ({ batchSize, steps: 40 * (1 + 70 / batchSize) })));
  expect(exact.leastSteps).toBeCloseTo(40, 4);
  expect(exact.criticalBatch).toBeCloseTo(70, 4);
  expect(Math.max(...exact.residuals.map(Math.abs))).toBeLessThan(1e-6);
  const power = fitStepsLaw(sizes.map((batchSize) => ({ batchSize, steps: 1000 * batchSize ** -0.5 })));
  expect(Math.max(...power.residuals.map(Math.abs))).toBeGreaterThan(0.2);
});

test('the best rate is the parabola’s, and at an end of the grid not known', () => {
  const rates = [0.1, 0.2, 0.4, 0.8, 1.6];
  const along = (best: number) =>
    rates.map((lr) => ({ lr, steps: [100 * Math.exp(0.3 * Math.log2(lr / best) ** 2)] }));
  const found = bestRate(along(0.33), 0);
  expect(found.lr).toBeCloseTo(0.33, 6);
  expect(found.steps).toBeCloseTo(100, 6);
  expect(bestRate(along(0.09), 0)).toEqual({ lr: null, steps: null });
  expect(bestRate(along(3), 0)).toEqual({ lr: null, steps: null });
  // Beyond the best a run diverged: the grid's own best.
  const cut = along(0.4).map((rate, i) => (i > 2 ? { ...rate, steps: [null] } : rate));
  expect(bestRate(cut, 0)).toEqual({ lr: 0.4, steps: 100 });
});

test('steps to goals are interpolated by the logarithm of the loss, each goal once', () => {
  const watch = new GoalSteps([0.25, 1]);
  for (const [step, loss] of [
    [0, 4],
    [10, 2],
    [20, 0.5],
    [30, 2],
    [40, 0.25],
  ] as const)
    watch.look(step, loss);
  expect(watch.steps).toEqual([40, 15]);
  expect(watch).toMatchObject({ done: true, last: 40 });
  const diverged = new GoalSteps([1]);
  diverged.look(1, Number.NaN);
  diverged.look(2, 0.5);
  expect(diverged.steps).toEqual([null]);
});

test('noise scales take the noise of their own examples off, of a population or of a training set', () => {
  const at = { loss: 1, examples: 100, gradNormSq: 0.3, traceCovariance: 20, resolved: true };
  expect(populationNoiseScale(at)).toBeCloseTo(20 / (0.3 - 0.2), 9);
  expect(populationNoiseScale({ ...at, resolved: false })).toBeNull();
  expect(populationNoiseScale({ ...at, gradNormSq: 0.1 })).toBeNull();
  expect(trainingNoiseScale(at, 100)).toBeCloseTo((0.99 * 20) / 0.3, 9);
  expect(trainingNoiseScale(at, 200)).toBeCloseTo((0.995 * 20) / (0.3 - 20 / 200), 9);
});

test('a noise scale at a loss is of the looks nearby, and none where the loss does not come to it', () => {
  const look = (step: number, loss: number, B: number) => {
    const at = { loss, examples: 1000, gradNormSq: 1 / B + 1e-3, traceCovariance: 1, resolved: true };
    return { step, train: at, fresh: at };
  };
  // B = 20/L but for a look that is far off.
  const losses = [3, 1.5, 1.2, 1, 0.8, 0.5];
  const points = losses.map((loss, i) => look(i, loss, loss === 3 ? 1 : 20 / loss));
  const run = { cell: { examples: 1000 } as never, evidence: { points } };
  expect(noiseAtLoss(run, 1, ofFresh)).toBeCloseTo(20, 6);
  expect(noiseAtLoss(run, 0.4, ofFresh)).toBeNull();
  expect(noiseAtLoss(run, 3, ofFresh)).toBeNull();
});

test('a plateau’s noise scale divides means once', () => {
  const looks = [1, 2, 3, 4].map((step) => ({
    step,
    loss: 1,
    examples: 100,
    gradNormSq: step === 4 ? 3 : 1,
    traceCovariance: 50,
    resolved: true,
  }));
  expect(plateauNoise({ lr: 1, batchSize: 1, looks }, 0.5)).toBeCloseTo((0.99 * 50) / 2, 9);
});

test('training diverges between the last rate that goes down and the first that does not', () => {
  const cell = { factors: [0.5, 1, 2, 4] } as never;
  const evidence = { loss: 1, local: { gradNormSq: 1, gHg: 1, traceHessianCovariance: 1 }, breakEven: 0.1 };
  const rate = (losses: (number | null)[], rise?: number) =>
    divergingRate({ cell, evidence: { ...evidence, losses } }, rise);
  expect(rate([0.5, 0.6, 1.5, null])).toBeCloseTo(0.1 * Math.SQRT2, 12);
  expect(rate([0.5, 0.6, 1.5, null], 1)).toBeCloseTo(0.1 * Math.sqrt(8), 12);
  expect(rate([1.5, 2, 3, null])).toBeNull();
  expect(rate([0.5, 0.5, 0.5, 0.5])).toBeNull();
});

test('branches keep up by shares of progress, whatever the loss', () => {
  const branches = (scale: number) =>
    [1, 2, 4, 8, 16].map((factor) => {
      const ends = [scale * (1 - 0.4 / (1 + factor / 16)), scale * (1 - 0.4 / (1 + factor / 16))];
      const worse = ends.map((end) => 1.1 * end);
      return {
        factor,
        tuned: [worse, ends, worse],
        proportional: ends.map((end) => (factor > 4 ? null : end)),
      };
    });
  const [early, late] = [2, 0.02].map((loss) => keepingUp({ loss, branches: branches(loss) }, 'tuned', 0.2));
  expect(early).toBeCloseTo(late!, 9);
  // 1/(1 + k/16) is 0.8 of its value at k = 1 at k = 5.25; linear in log₂ k between 4 and 8.
  expect(2 ** early!).toBeGreaterThan(4.8);
  expect(2 ** early!).toBeLessThan(5.4);
  expect(keepingUp({ loss: 2, branches: branches(2) }, 'tuned', 0.5)).toBeNull();
  expect(keepingUp({ loss: 2, branches: branches(2) }, 'proportional', 0.5)).toBe(2);
  expect(keepingUp({ loss: 2, branches: [] }, 'tuned', 0.2)).toBeNull();
  const censored = branches(2).map(({ tuned, ...rest }) => ({ ...rest, tuned: tuned.slice(1) }));
  expect(keepingUp({ loss: 2, branches: censored }, 'tuned', 0.2)).toBeNull();
});

test('a unit’s examples are its own; fewer are the beginning of more, fresh ones are in none', () => {
  const all = syntheticDataset('gaussian-clusters?examples=60&test=0&classes=3&dims=2');
  const draw = (unit: number, examples: number) => unitData(all, { unit, examples, fresh: 10 });
  const [few, many] = [draw(1, 12), draw(1, 40)];
  const rows = (x: Dataset['x']): string[] =>
    Array.from({ length: x.length / 2 }, (_, i) => `${x[2 * i]},${x[2 * i + 1]}`);
  expect(rows(many.train.x).slice(0, 12)).toEqual(rows(few.train.x));
  expect(rows(many.fresh.x)).toEqual(rows(few.fresh.x));
  expect(new Set([...rows(many.fresh.x), ...rows(many.train.x)]).size).toBe(50);
  expect(rows(draw(2, 12).train.x)).not.toEqual(rows(few.train.x));
});

test('version 1 of the critical batch is told as withdrawn, for the reason that its result has', () => {
  const file = new URL('../../../bench/results/critical-batch-chromium-swiftshader.json', import.meta.url);
  const kept = JSON.parse(readFileSync(file, 'utf8'));
  const { record } = claims.find(({ id }) => id === 'critical-batch')!;
  expect(kept).toMatchObject({ verdict: 'withdrawn', verdictBefore: 'pass' });
  expect(record!.earlier).toMatchObject([{ version: 1, verdict: 'withdrawn', reason: kept.reason }]);
});
