import { describe, expect, test } from 'vitest';
import type { Experiment } from '../../../src/experiments/experiment.ts';
import {
  batchWeights,
  signWeights,
  svagWeights,
  wholeWeights,
} from '../../../src/experiments/since/exampleWeights.ts';
import { fastestBatch } from '../../../src/experiments/since/fastestBatch.ts';
import { fitHyperbola, stepsAt } from '../../../src/experiments/since/hyperbola.ts';
import { noiseReplayed } from '../../../src/experiments/since/noiseReplayed.ts';
import { svag } from '../../../src/experiments/smithLe/svag.ts';
import { testPlantedCases } from './plantedCases.ts';

const claims: readonly Experiment[] = [noiseReplayed, svag, fastestBatch];

// A thousand units are planted of each, on machines that may be busy.
describe.each(claims.map((claim) => [claim.id, claim] as const))('%s', { timeout: 60_000 }, (_, claim) => {
  testPlantedCases(claim);
});

describe('weights of the examples', () => {
  const of = { examples: 100, batchSize: 5, seed: 3 };
  const DRAWS = 4000;
  /** Some numbers of the examples, in the place of slopes of their gradients. */
  const slopes = Array.from({ length: of.examples }, (_, n) => Math.sin(1 + n) + (n === 7 ? 4 : 0));
  const centre = slopes.reduce((sum, slope) => sum + slope, 0) / of.examples;
  const variance = slopes.reduce((sum, slope) => sum + (slope - centre) ** 2, 0) / of.examples;
  /** Mean and variance of Σ wₙ·slopeₙ over the draws. */
  function moments(weights: (draw: number) => Float32Array): [mean: number, variance: number] {
    const sums = Array.from({ length: DRAWS }, (_, draw) =>
      weights(draw).reduce((sum, weight, n) => sum + weight * slopes[n]!, 0),
    );
    const mean = sums.reduce((sum, each) => sum + each, 0) / DRAWS;
    return [mean, sums.reduce((sum, each) => sum + (each - mean) ** 2, 0) / DRAWS];
  }
  /** Four standard errors of a variance of so many draws, with a kurtosis of a batch's mean of 5. */
  const TOLERANCE = 4 * Math.sqrt((2 + 10 / of.batchSize) / DRAWS);

  test('of all are their mean', () => {
    expect(wholeWeights(of).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
  });

  test('of a batch and of centred signs have one covariance, that of Σ/B', () => {
    const [batchMean, batch] = moments((draw) => batchWeights(of, draw));
    const [signMean, signs] = moments((draw) => signWeights(of, draw));
    const stderr = Math.sqrt(variance / of.batchSize / DRAWS);
    expect(Math.abs(batchMean - centre)).toBeLessThan(4 * stderr);
    expect(Math.abs(signMean)).toBeLessThan(4 * stderr);
    expect(Math.abs(batch / (variance / of.batchSize) - 1)).toBeLessThan(TOLERANCE);
    expect(Math.abs(signs / (variance / of.batchSize) - 1)).toBeLessThan(TOLERANCE);
  });

  test('of signs add up to nothing', () => {
    const weights = signWeights(of, 11);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(0, 5);
    expect(new Set([...weights].map(Math.sign)).size).toBe(2);
  });

  test('of SVAG keep the mean, and have l times the covariance', () => {
    const [mean, svag] = moments((draw) => svagWeights(of, draw, 4));
    const stderr = Math.sqrt((4 * variance) / of.batchSize / DRAWS);
    expect(Math.abs(mean - centre)).toBeLessThan(4 * stderr);
    expect(Math.abs(svag / ((4 * variance) / of.batchSize) - 1)).toBeLessThan(2 * TOLERANCE);
  });
});

test('a hyperbola is found again', () => {
  const of = { least: 150, critical: 60 };
  const sizes = [8, 16, 64, 256, 1024].map((batchSize) => ({ batchSize, steps: stepsAt(of, batchSize) }));
  const { least, critical } = fitHyperbola(sizes);
  expect(least / of.least).toBeCloseTo(1, 2);
  // By a grid of 200 a decade.
  expect(Math.abs(Math.log10(critical / of.critical))).toBeLessThan(1 / 200);
});
