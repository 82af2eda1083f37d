import { expect, test } from 'vitest';
import { fitDataset } from '../../src/data/dataset.ts';
import { linearRegressionMoments, linearRegressionTruth } from '../../src/data/synthetic/linearRegression.ts';
import { quadraticModel, quadraticStationaryVariance } from '../../src/data/synthetic/quadratic.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { noiseScaleInstrument } from '../../src/measure/gradient/noiseScaleInstrument.ts';
import type { NoiseStatistics } from '../../src/measure/gradient/noiseStatistics.ts';
import { jackknifeErrors } from '../../src/measure/statistics/jackknifeErrors.ts';
import { twoBatchNoise } from '../../src/measure/statistics/noiseScale.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { TrainingRun } from '../../src/train/trainingRun.ts';
import { testGpu } from './device.ts';

const PLAIN = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false };

function meanAndStandardError(values: readonly number[]): { mean: number; standardError: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
  return { mean, standardError: Math.sqrt(variance / values.length) };
}

for (const smallBatch of [1, 8]) {
  test(`noisy linear regression from batches of ${smallBatch} and 32: |G|², tr Σ within 3 standard errors and 5 % of their closed form`, {
    timeout: 240_000,
  }, async () => {
    const [dims, noise, batchSize, steps] = [9, 0.5, 32, 2000];
    // Each example is read once, so that the batches are independent draws from the distribution.
    const name = `linear-regression?examples=${batchSize * steps}&test=0&dims=${dims}&noise=${noise}&seed=5`;
    const model = parseModel('model.json', {
      layers: [{ type: 'Linear', in_features: dims, out_features: 1 }],
      loss: 'mse',
    });
    const truth = linearRegressionTruth({ examples: 0, test: 0, dims, noise, seed: 5 });
    const weight = truth.wStar.map((w, k) => w + 0.3 * Math.cos(k));
    const bias = Float32Array.of(truth.bStar - 0.4);
    const exact = linearRegressionMoments(weight, truth.wStar, noise, bias[0]! - truth.bStar);

    const run = await TrainingRun.open(await testGpu(), {
      model,
      dataset: fitDataset(syntheticDataset(name), model).dataset,
      steps,
      batches: [{ fromStep: 0, batchSize }],
      sampling: 'sequential',
      instruments: [noiseScaleInstrument({ smallBatch, tests: true, layers: true }, { every: 1 })],
      replicas: [
        {
          seed: 0,
          settings: PLAIN,
          rates: new Float32Array(steps),
          weights: new Map([
            ['0.weight', weight],
            ['0.bias', bias],
          ]),
        },
      ],
    });
    const [unbiased, traces]: [number[], number[]] = [[], []];
    const claimed = { gradNormSqUnbiased: 0, traceCovariance: 0 };
    const units = { units: batchSize / smallBatch, unitSize: smallBatch };
    for await (const readings of run.steps()) {
      for (const { found } of readings) {
        const { norms, spread } = found[0] as NoiseStatistics;
        const total = (key: 'gradNormSq' | 'smallNormSq'): number =>
          norms.reduce((sum, p) => sum + p[key], 0);
        const estimate = twoBatchNoise(
          { batchSize: smallBatch, normSq: total('smallNormSq') },
          { batchSize, normSq: total('gradNormSq') },
        );
        unbiased.push(estimate.gradNormSqUnbiased);
        traces.push(estimate.traceCovariance);
        const errors = jackknifeErrors(estimate, spread!, units);
        claimed.gradNormSqUnbiased += errors.gradNormSqUnbiasedStderr! ** 2 / steps;
        claimed.traceCovariance += errors.traceCovarianceStderr! ** 2 / steps;
      }
    }
    run.dispose();
    for (const [what, values, expected, variance] of [
      ['|G|²', unbiased, exact.gradNormSq, claimed.gradNormSqUnbiased],
      ['tr Σ', traces, exact.traceCovariance, claimed.traceCovariance],
    ] as const) {
      const { mean, standardError } = meanAndStandardError(values);
      console.info(
        `${what}: ${mean.toFixed(4)} ± ${standardError.toFixed(4)}, closed form ${expected.toFixed(4)}; ` +
          `the jackknife's variance is ${(variance / (steps * standardError ** 2)).toFixed(3)} of that found`,
      );
      expect(values).toHaveLength(steps);
      expect(Math.abs(mean - expected)).toBeLessThan(3 * standardError);
      expect(Math.abs(mean / expected - 1)).toBeLessThan(0.05);
      // Of U units' normal gradients the jackknife makes (U − 1)/(U − 2) times the variance of tr Σ, and of |G|² up to twice that.
      const excess = (units.units - 1) / (units.units - 2);
      expect(variance / (steps * standardError ** 2)).toBeGreaterThan(0.85);
      expect(variance / (steps * standardError ** 2)).toBeLessThan(2.3 * excess);
    }
  });
}

/** (ε, h, B, m), with and without momentum, one with a step as long as the curvature allows. */
const QUADRATICS = [
  { lr: 0.1, curvature: 1, batchSize: 4, momentum: 0 },
  { lr: 0.1, curvature: 1, batchSize: 4, momentum: 0.9 },
  { lr: 1, curvature: 1, batchSize: 4, momentum: 0 },
  { lr: 0.4, curvature: 2, batchSize: 16, momentum: 0.5 },
];

for (const { lr, curvature, batchSize, momentum } of QUADRATICS) {
  test(`noisy quadratic: stationary variance within 2 % at ε=${lr}, h=${curvature}, B=${batchSize}, m=${momentum}`, async () => {
    const [dims, examples, replicas] = [127, 4096, 32];
    const name = `quadratic?examples=${examples}&dims=${dims}&curvature=${curvature}&sigma=1&seed=2`;
    const model = quadraticModel({ dims });
    // The slowest mode forgets by half in about ln 2/(εh) · (1 − m)… steps: many such times between two looks.
    const memory = Math.ceil((3 * (1 - momentum)) / (lr * curvature) + 3 / (1 - momentum));
    const looks = 12;
    const steps = memory * (6 + looks);
    const run = await TrainingRun.open(await testGpu(), {
      model,
      dataset: fitDataset(syntheticDataset(name), model).dataset,
      steps,
      batches: [{ fromStep: 0, batchSize }],
      sampling: 'iid',
      recordEvery: 0,
      replicas: Array.from({ length: replicas }, (_, seed) => ({
        seed: seed + 100,
        settings: { ...PLAIN, momentum },
        rates: new Float32Array(steps).fill(lr),
        weights: new Map([['0.weight', new Float32Array(dims)]]),
      })),
    });
    let sum = 0;
    let count = 0;
    for (let look = 0; look < looks; look++) {
      for await (const _ of run.steps(memory * (6 + look + 1)));
      for (let r = 0; r < replicas; r++) {
        for (const value of (await run.weights(r)).get('0.weight')!) {
          sum += value ** 2;
          count++;
        }
      }
    }
    run.dispose();
    // Drawn with replacement from N examples, the noise has (N − 1)/N of the sample variance σ².
    const sigma = Math.sqrt((examples - 1) / examples);
    const expected = quadraticStationaryVariance({ lr, momentum, batchSize, curvature, sigma });
    console.info(
      `variance ${(sum / count).toPrecision(5)}, exact ${expected.toPrecision(5)}, ${count} values`,
    );
    expect(Math.abs(sum / count / expected - 1)).toBeLessThan(0.02);
  });
}
