import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  fitHyperbola,
  fitLevel,
  fitPowerLaw,
  type RateAt,
} from '../../src/experiments/mccandlish/optimalStep/fitRates.ts';
import type { FrozenPoint, SampledPoint } from '../../src/experiments/mccandlish/optimalStep/frozenPoint.ts';
import { optimalStep } from '../../src/experiments/mccandlish/optimalStep/index.ts';
import {
  judgeOptimalStep,
  type OptimalStepOutcome,
} from '../../src/experiments/mccandlish/optimalStep/judgeOptimalStep.ts';
import { type Planted, plantedTrunks } from '../../src/experiments/mccandlish/optimalStep/plantedTrunks.ts';
import { OPTIMAL_STEP, OPTIMAL_STEP_MARGINS } from '../../src/experiments/mccandlish/optimalStep/protocol.ts';
import { measuredRates } from '../../src/measure/statistics/measuredRates.ts';

const STEPS = [100, 500, 1500];

function exactRates(f: (batchSize: number) => number, logStderr = 0.1): RateAt[] {
  return OPTIMAL_STEP.standard.batchSizes.map((batchSize) => ({
    batchSize,
    rate: f(batchSize),
    logStderr,
    censored: null,
  }));
}

test('constants and exponents are recovered from exact rates, each curve by its own kind only', () => {
  for (const [epsMax, bNoise] of [
    [0.4, 130],
    [2, 3],
    [0.01, 40_000],
  ] as const) {
    const rates = exactRates((B) => epsMax / (1 + bNoise / B));
    const fitted = fitHyperbola(rates)!;
    expect(fitted.epsMax / epsMax).toBeCloseTo(1, 5);
    expect(fitted.bNoise / bNoise).toBeCloseTo(1, 5);
    expect(fitted.misfit).toBeLessThan(1e-9);
    expect(fitPowerLaw(rates)!.misfit).toBeGreaterThan(0.01);
  }
  const power = exactRates((B) => 0.02 * B ** 0.7);
  expect(fitPowerLaw(power)!.exponent).toBeCloseTo(0.7, 6);
  expect(fitPowerLaw(power)!.misfit).toBeLessThan(1e-9);
  expect(fitHyperbola(power)!.misfit).toBeGreaterThan(1);
});

test('a rate of little weight moves a fit little, a bound that is kept not at all, one that is not kept does', () => {
  const rates = exactRates((B) => 0.4 / (1 + 130 / B));
  const changed = (change: Partial<RateAt>) =>
    fitHyperbola(rates.map((rate, i) => (i === 0 ? { ...rate, ...change } : rate)))!.bNoise;
  const far = 4 * rates[0]!.rate;
  // Unweighted, this one of nine moves B_noise by much more.
  expect(changed({ rate: far, logStderr: 5 }) / 130).toBeCloseTo(1, 2);
  expect(changed({ rate: far }) / 130).toBeLessThan(0.9);
  expect(changed({ rate: far, censored: 'below' }) / 130).toBeCloseTo(1, 5);
  expect(changed({ rate: far, censored: 'above' }) / 130).toBeLessThan(0.9);
  const bounds = rates.map((rate, i): RateAt => (i > 1 ? { ...rate, censored: 'above' } : rate));
  expect(fitHyperbola(bounds)).toBeNull();
  // Two rates, 1 ± 0.1 and 3 ± 0.2, and a bound between: level and χ² by hand.
  const pair: RateAt[] = [
    { batchSize: 1, rate: Math.E, logStderr: 0.1, censored: null },
    { batchSize: 2, rate: Math.exp(3), logStderr: 0.2, censored: null },
    { batchSize: 3, rate: Math.exp(2), logStderr: 0.1, censored: 'above' },
  ];
  expect(fitLevel(pair.slice(0, 2), () => 0).level).toBeCloseTo((100 + 25 * 3) / 125, 12);
  const { level, misfit } = fitLevel(pair, () => 0);
  expect(level).toBeCloseTo((100 + 25 * 3 + 200) / 225, 12);
  expect(misfit).toBeCloseTo(100 * (level - 1) ** 2 + 25 * (3 - level) ** 2 + 100 * (2 - level) ** 2, 9);
});

test('a minimum at an end of the grid is a bound, and so is a break-even beyond it', () => {
  const rates = [1, 2, 4, 8];
  const along = (f: (rate: number) => number) =>
    measuredRates({
      batchSize: 4,
      rates,
      draws: [0, 1, 2].map((k) => rates.map((rate) => (1 + 0.01 * k) * f(rate))),
    });
  const falls = along((rate) => -rate);
  expect(falls.optimal).toMatchObject({ rate: 8, censored: 'above' });
  expect(falls.breakEven).toMatchObject({ rate: 8, censored: 'above' });
  // At least half of the grid's step, however alike the draws are.
  expect(falls.optimal.logStderr).toBeCloseTo(Math.LN2 / 2, 12);
  const rises = along((rate) => rate);
  expect(rises.optimal).toMatchObject({ rate: 1, censored: 'below' });
  expect(rises.breakEven).toMatchObject({ rate: 1, censored: 'below' });
  const inside = along((rate) => rate * (rate - 6));
  expect(inside.optimal).toMatchObject({ censored: null });
  expect(inside.optimal.rate).toBeCloseTo(3, 12);
  expect(inside.breakEven.rate).toBeCloseTo(6, 12);
  expect(inside.gain).toBeCloseTo(9 * 1.01, 12);
});

/** Three trunks, frozen three times each. */
function planted(seed: number, as?: Planted): FrozenPoint[][] {
  return plantedTrunks({ ...OPTIMAL_STEP.standard, trunks: 3, checkpoints: STEPS, seed }, as);
}

test('on quadratics the prediction passes, swapped ones fail, and intervals cover the truth 90 to 99 % of the time', () => {
  const keys = ['epsMax', 'bNoise', 'gain', 'breakEven'] as const;
  const held = { epsMax: 0, bNoise: 0, gain: 0, breakEven: 0 };
  const verdicts: Record<string, number> = {};
  let rejected = 0;
  const seeds = 200;
  for (let seed = 0; seed < seeds; seed++) {
    const outcome = judgeOptimalStep(planted(seed));
    verdicts[outcome.verdict] = (verdicts[outcome.verdict] ?? 0) + 1;
    expect(outcome.controls.swapped.map(({ verdict }) => verdict)).toEqual(['fail', 'fail']);
    for (const step of outcome.steps) {
      for (const key of keys) {
        const [low, high] = step[key].interval;
        if (low! <= 1 && high! >= 1) held[key]++;
      }
      for (const { tail } of Object.values(step.chiSquared))
        if (tail < OPTIMAL_STEP_MARGINS.rejectedBelow) rejected++;
    }
  }
  const coverage = keys.map((key) => held[key] / (seeds * STEPS.length));
  console.info(
    `of ${seeds}: ${JSON.stringify(verdicts)}; coverage of ${keys.join(', ')}: ${coverage.map((c) => c.toFixed(3)).join(', ')}; ` +
      `χ² rejects ${rejected} of ${seeds * STEPS.length * 2}`,
  );
  for (const share of coverage) {
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(0.99);
  }
  expect(verdicts.fail).toBeUndefined();
  expect(verdicts.pass).toBeGreaterThan(0.85 * seeds);
  // At a level of 0.01 %, by errors that are from 32 draws each.
  expect(rejected / (seeds * STEPS.length * 2)).toBeLessThan(0.015);
}, 120_000);

test('a power law is not found to be the hyperbola, however near its rates are', () => {
  for (let seed = 0; seed < 10; seed++) {
    const { verdict, rival } = judgeOptimalStep(planted(seed, { exponent: 0.6 }));
    expect(verdict).toBe('fail');
    expect(rival.value).toBeLessThan(0);
  }
}, 20_000);

test('a curve that is near but not the model’s is within tolerance, and the model rejected', () => {
  const found = Array.from({ length: 10 }, (_, seed) => judgeOptimalStep(planted(seed, { cubic: 0.15 })));
  const rejected = found.filter(({ verdict }) => verdict === 'within tolerance; model rejected');
  console.info(`${rejected.length} of 10 within tolerance and rejected`);
  // The others' intervals are too long to lie within a margin.
  expect(rejected.length).toBeGreaterThanOrEqual(6);
  for (const { verdict, reason } of found) {
    expect(['within tolerance; model rejected', 'inconclusive']).toContain(verdict);
    expect(reason).toMatch(/χ² of (ε_opt|ΔL_opt)\(B\) at step/);
  }
}, 20_000);

test('a wrong prediction fails, by the effect that is wrong', () => {
  const trunks = planted(3);
  const wrong = (
    change: (local: FrozenPoint['local']) => Partial<FrozenPoint['local']>,
  ): OptimalStepOutcome =>
    judgeOptimalStep(
      trunks.map((points) =>
        points.map((point) => ({ ...point, local: { ...point.local, ...change(point.local) } })),
      ),
    );
  const noisy = wrong((local) => ({ traceHessianCovariance: 4 * local.traceHessianCovariance }));
  expect(noisy.verdict).toBe('fail');
  expect(noisy.reason).toMatch(/B_noise at step 100 is outside the margin of 2×/);
  // |G|² and GᵀHG 2 times as large leave ε_max; the gain tells.
  const steep = wrong(({ gradNormSq, gHg, traceHessianCovariance }) => ({
    gradNormSq: 2 * gradNormSq,
    gHg: 2 * gHg,
    traceHessianCovariance: 2 * traceHessianCovariance,
  }));
  expect(steep.verdict).toBe('fail');
  expect(steep.reason).toMatch(/ΔL_opt at step 100 is outside/);
  expect(steep.reason).not.toMatch(/ε_max|B_noise|2ε_opt/);
});

test('where a swap does not fail nothing was shown; a point without a minimum along a step decides nothing', () => {
  // Three times the same point: swaps are the prediction itself.
  const still = planted(1).map(([first]) => STEPS.map((step) => ({ ...first!, step })));
  const { verdict, reason, controls } = judgeOptimalStep(still);
  expect(controls.swapped[0]!.verdict).toBe('pass');
  expect(verdict).toBe('inconclusive');
  expect(reason).toMatch(/swapped predictions, ends as pass and pass, expected to fail/);

  const concave = planted(1).map((points) =>
    points.map((point, s) => (s === 0 ? { ...point, local: { ...point.local, gHg: -1 }, rows: [] } : point)),
  );
  const unclear = judgeOptimalStep(concave);
  expect(unclear.verdict).not.toBe('pass');
  expect(unclear.steps[0]!.verdict).toBe('inconclusive');
  expect(unclear.points[0]![0]!.hyperbola).toBeNull();
  expect(() => judgeOptimalStep(planted(1).slice(0, 1))).toThrow(/1 trunks at steps 100, 500, 1500/);
});

test('the evidence of the committed result is judged as its file says', () => {
  const file = new URL('../../bench/results/optimal-step-2-node-h200.json', import.meta.url);
  const kept = JSON.parse(readFileSync(file, 'utf8'));
  const protocol = OPTIMAL_STEP.standard;
  // What was run is what the preset says.
  const { batch_sizes: batchSizes, batch_size: batchSize, ...rest } = kept.protocol;
  expect({ ...rest, batchSizes, batchSize }).toEqual(protocol);
  const cells = optimalStep.cells(protocol);
  const found = cells.map((cell) => {
    const point = kept.points[cell.trunk - protocol.seed][protocol.checkpoints.indexOf(cell.step)];
    const { step, loss, gradNormSq, gHg, traceHessianCovariance, traceHessianCovarianceStderr } = point;
    const evidence = {
      step,
      loss,
      local: { gradNormSq, gHg, traceHessianCovariance },
      traceHessianCovarianceStderr,
      traceCovariance: point.bSimple * gradNormSq,
      // Of the draws the file has what they came to.
      rows: point.rows.map((row: object) => ({ ...row, draws: [] })),
    };
    expect(evidence.step).toBe(cell.step);
    return { cell, evidence: evidence as SampledPoint };
  });
  const outcome = optimalStep.judge(found, protocol);
  const { verdict, reason, statistics, controls, planted, detail } = outcome;
  expect(detail.verdict).toBe(kept.verdict);
  expect(detail.reason).toBe(kept.reason);
  expect(detail.steps).toEqual(kept.steps);
  expect(detail.rival).toEqual(kept.rival);
  expect(detail.controls.swapped).toEqual(kept.controls.swapped);
  expect(detail.points).toEqual(kept.points);
  // In the words of every experiment.
  expect(verdict).toBe('reproduced');
  expect(reason).toBe(`${kept.verdict}: ${kept.reason}`);
  expect(outcome.p).toBeLessThan(0.025);
  expect(statistics.slice(0, 2)).toMatchObject([
    { name: 'ε_max at step 100', ...kept.steps[0].epsMax, margin: [1 / 1.5, 1.5] },
    { name: 'B_noise at step 100', ...kept.steps[0].bNoise, margin: [1 / 2, 2] },
  ]);
  expect(controls.map((check) => [check.found, check.holds])).toEqual([
    ['fail', true],
    ['fail', true],
  ]);
  // Drawn: an effect a chart, its interval at each step against the margin.
  const { panels } = optimalStep.figure(outcome);
  expect(panels.map(({ title }) => title)).toEqual(['ε_max', 'B_noise', 'ΔL_opt', '2ε_opt']);
  expect(panels[1]!.marks).toEqual([
    { mark: 'band', name: 'margin', range: [0.5, 2] },
    {
      mark: 'dots',
      name: 'measured/predicted',
      points: kept.steps.map(
        ({ step, bNoise }: { step: number; bNoise: { value: number; interval: unknown } }) => ({
          x: step,
          y: bNoise.value,
          interval: bNoise.interval,
        }),
      ),
    },
  ]);
  // What is planted at the protocol’s size is found, and what is not there is not.
  expect(planted.map((check) => [check.found, check.holds])).toEqual([
    ['pass', true],
    ['fail', true],
  ]);
});
