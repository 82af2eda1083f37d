import { expect, test } from 'vitest';
import { normal } from '../../src/data/normal.ts';
import {
  type CheckpointOutcome,
  type FrozenPoint,
  fitConstants,
  judgeFrozenPoint,
  judgeOptimalStep,
  OPTIMAL_STEP,
} from '../../src/experiments/optimalStep.ts';
import type { Verdict } from '../../src/experiments/verdict.ts';
import { percentileInterval, resamples, spread } from '../../src/measure/bootstrap.ts';
import { breakEven, lineMinimum } from '../../src/measure/lineMinimum.ts';
import { noiseScale, optimalRate } from '../../src/measure/localModel.ts';

test('a parabola’s minimum is found exactly from any three points around it, an end of the grid is unresolved', () => {
  const f = (x: number): number => 3 * (x - 0.7) ** 2 - 1;
  const rates = [0.1, 0.5, 0.6, 1.4, 3];
  const { rate, change, resolved } = lineMinimum(rates, rates.map(f));
  expect(rate).toBeCloseTo(0.7, 12);
  expect(change).toBeCloseTo(-1, 12);
  expect(resolved).toBe(true);
  expect(lineMinimum([1, 2, 3], [f(1), f(2), f(3)])).toEqual({ rate: 1, change: f(1), resolved: false });
  expect(lineMinimum([0.1, 0.2, 0.3], [3, 2, 1])).toEqual({ rate: 0.3, change: 1, resolved: false });
});

test('the way back to zero is found between its neighbours, and null beyond the grid', () => {
  expect(breakEven([1, 2, 4], [-2, -1, 3])).toBeCloseTo(2.5, 12);
  expect(breakEven([1, 2, 4], [-2, -1, -0.1])).toBeNull();
  expect(breakEven([1, 2, 4], [1, 2, 3])).toBeNull();
});

test('constants are recovered from exact rates', () => {
  for (const [epsMax, bNoise] of [
    [0.4, 130],
    [2, 3],
    [0.01, 40_000],
  ] as const) {
    const rows = OPTIMAL_STEP.batchSizes.map((batchSize) => ({
      batchSize,
      rate: epsMax / (1 + bNoise / batchSize),
    }));
    const fitted = fitConstants(rows);
    expect(fitted.epsMax / epsMax).toBeCloseTo(1, 5);
    expect(fitted.bNoise / bNoise).toBeCloseTo(1, 5);
  }
});

/**
 * Line searches on a quadratic with curvatures h and gradient G, each mini-batch's gradient normal with variance s/B in
 * every coordinate: ΔL = −ε G·g + (ε²/2) Σ h g².
 */
function frozenQuadratic(seed: number): FrozenPoint {
  const dims = 24;
  const h = Array.from({ length: dims }, (_, d) => 4 / (1 + d));
  const G = Array.from({ length: dims }, (_, d) => 0.5 + 0.02 * d);
  const variance = h.map((value) => 3 * value + 0.2);
  const sum = (f: (d: number) => number): number => h.reduce((total, _, d) => total + f(d), 0);
  const local = {
    gradNormSq: sum((d) => G[d]! ** 2),
    gHg: sum((d) => h[d]! * G[d]! ** 2),
    traceHessianCovariance: sum((d) => h[d]! * variance[d]!),
  };
  const { batchSizes, draws, grid } = OPTIMAL_STEP;
  return {
    step: 1,
    loss: 1,
    parameters: dims,
    local,
    traceHessianCovarianceStderr: 0,
    traceCovariance: sum((d) => variance[d]!),
    traceHessian: { value: sum((d) => h[d]!), stderr: 0, probes: 1 },
    lines: batchSizes.map((batchSize) => {
      const rates = grid.map((factor) => factor * optimalRate(local, batchSize)!);
      return {
        batchSize,
        rates,
        changes: Array.from({ length: draws }, (_, k) => {
          const g = G.map(
            (mean, d) => mean + Math.sqrt(variance[d]! / batchSize) * normal(seed, batchSize, k, d),
          );
          const slope = sum((d) => G[d]! * g[d]!);
          const curvature = sum((d) => h[d]! * g[d]! ** 2);
          return rates.map((rate) => -rate * slope + (rate ** 2 / 2) * curvature);
        }),
      };
    }),
  };
}

test('on a quadratic the experiment passes, its intervals hold the truth, and the control fails', () => {
  let [held, rowsHeld, rows] = [0, 0, 0];
  const seeds = 24;
  for (let seed = 0; seed < seeds; seed++) {
    const point = frozenQuadratic(seed);
    const outcome = judgeFrozenPoint(point, seed);
    expect(outcome.verdict, `seed ${seed}`).toBe('pass');
    expect(outcome.controls.isotropicHessian.verdict).toBe('fail');
    expect(outcome.predicted.bNoise).toBeCloseTo(noiseScale(point.local)!, 12);
    const [low, high] = outcome.bNoiseRatio.interval;
    if (low <= 1 && high >= 1) held++;
    for (const row of outcome.rows) {
      rows++;
      if (Math.abs(Math.log(row.rate / row.predictedRate)) < 1.96 * row.logRateStderr) rowsHeld++;
    }
  }
  console.info(`B_noise held in ${held} of ${seeds}, ε_opt(B) in ${rowsHeld} of ${rows}`);
  // 95 % of 24 and of 192, less three standard errors of such a count.
  expect(held).toBeGreaterThanOrEqual(19);
  expect(rowsHeld / rows).toBeGreaterThan(0.9);
}, 20_000);

test('a wrong prediction fails, an unsure one is inconclusive', () => {
  const point = frozenQuadratic(3);
  const wrong = {
    ...point,
    local: { ...point.local, traceHessianCovariance: 4 * point.local.traceHessianCovariance },
  };
  expect(judgeFrozenPoint(wrong, 0).verdict).toBe('fail');
  const unsure = { ...wrong, traceHessianCovarianceStderr: wrong.local.traceHessianCovariance };
  expect(judgeFrozenPoint(unsure, 0).bNoiseRatio.interval[1]).toBeGreaterThan(1);
  const concave = { ...point, local: { ...point.local, gHg: -1 }, lines: [] };
  expect(judgeFrozenPoint(concave, 0)).toMatchObject({ verdict: 'inconclusive', fitted: null });
});

test('two of three checkpoints decide, and a control that passes takes the verdict back', () => {
  const judged = (verdicts: readonly Verdict[], control: Verdict = 'fail'): Verdict =>
    judgeOptimalStep(
      verdicts.map(
        (verdict) =>
          ({ verdict, controls: { isotropicHessian: { verdict: control } } }) as unknown as CheckpointOutcome,
      ),
    );
  expect(judged(['pass', 'fail', 'pass'])).toBe('pass');
  expect(judged(['pass', 'fail', 'fail'])).toBe('fail');
  expect(judged(['pass', 'inconclusive', 'fail'])).toBe('inconclusive');
  expect(judged(['pass', 'pass', 'pass'], 'pass')).toBe('inconclusive');
});

test('a bootstrap’s standard error of a mean is σ/√K, its draws are the same each time', () => {
  const values = Array.from({ length: 60 }, (_, i) => normal(1, 2, 3, i));
  const meanOf = (list: readonly number[]): number => list.reduce((sum, v) => sum + v, 0) / list.length;
  const means = [...resamples(60, 2000, 5)].map((draw) => meanOf(draw.map((i) => values[i]!)));
  const exact = Math.sqrt(values.reduce((sum, v) => sum + (v - meanOf(values)) ** 2, 0)) / 60;
  expect(spread(means) / exact).toBeCloseTo(1, 1);
  expect([...resamples(60, 3, 5)]).toEqual([...resamples(60, 3, 5)]);
  expect([...resamples(60, 3, 5)][2]).not.toEqual([...resamples(60, 3, 6)][2]);
  const [low, high] = percentileInterval([4, 1, 3, 2, 5], 0.5);
  expect([low, high]).toEqual([2, 4]);
});
