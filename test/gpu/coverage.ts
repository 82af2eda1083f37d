import { expect, test } from 'vitest';
import { curvatureTrace } from '../../src/measure/curvature/curvatureTrace.ts';
import { exactCovarianceTrace } from '../../src/measure/curvature/exactCovarianceTrace.ts';
import { exactTrace } from '../../src/measure/curvature/hessianTrace.ts';
import { HutchPlusPlus, hutchPlusPlus } from '../../src/measure/curvature/hutchPlusPlus.ts';
import { CurvatureOperator } from '../../src/measure/curvature/operator.ts';
import {
  LanczosQuadrature,
  logDeterminant,
  spectralDensity,
  spectralQuadrature,
  spectralSum,
} from '../../src/measure/curvature/spectralDensity.ts';
import { CovarianceTraceEstimator } from '../../src/measure/curvature/traceHessianCovariance.ts';
import { measureOver } from '../../src/measure/measureOver.ts';
import type { Estimate } from '../../src/measure/statistics/estimate.ts';
import { symmetricEigen } from '../../src/measure/statistics/symmetricEigen.ts';
import { batchGradient } from './batchGradient.ts';
import { denseOperator } from './denseOperator.ts';
import { testGpu } from './device.ts';
import { dense, pointOf } from './randomPoint.ts';
import { randomValues } from './trace.ts';

const MLP = { layers: [dense(5, 4), { type: 'Tanh' }, dense(4, 3)] };
/** Student's t for 97.5 %, by the probes of an estimate. */
const QUANTILE: Readonly<Record<number, number>> = { 8: 2.365, 16: 2.131 };

/**
 * Over so many seeds: 20 of 20 estimates within 4 standard errors of what they are of, and 95 % intervals that cover it with a share
 * from `least` to `most`.
 */
export function testCoverage({ seeds, least, most }: { seeds: number; least: number; most: number }): void {
  function expectHonest(
    what: string,
    estimates: readonly Estimate[],
    truth: number | readonly number[],
  ): void {
    expect(estimates).toHaveLength(seeds);
    const off = estimates.map(({ value, stderr }, i) => {
      const error = value - (typeof truth === 'number' ? truth : truth[i]!);
      return Math.abs(error) / stderr!;
    });
    expect(off.slice(0, 20).filter((ratio) => ratio <= 4)).toHaveLength(20);
    const covered = off.filter((ratio, i) => ratio <= QUANTILE[estimates[i]!.probes]!).length / off.length;
    console.info(
      `${what}: 95 % intervals cover the truth in ${(100 * covered).toFixed(1)} % of ${seeds} seeds`,
    );
    expect(covered).toBeGreaterThanOrEqual(least);
    expect(covered).toBeLessThanOrEqual(most);
  }

  async function overSeeds<T>(estimate: (seed: number) => Promise<T>): Promise<T[]> {
    const made: T[] = [];
    for (let seed = 0; seed < seeds; seed++) made.push(await estimate(seed));
    return made;
  }

  test('tr H and tr(HΣ) of 16 probes', async () => {
    const { gpu, point, dispose } = await pointOf(MLP, [5], 24);
    const operator = await CurvatureOperator.open(gpu, point, 16);
    const { value: trace } = await exactTrace(gpu, point, 'hessian');
    const estimates = await overSeeds(async (seed) => {
      const probed = curvatureTrace('hessian', { probes: 16, seed, exact: false });
      return (await measureOver(gpu, point, { probed })).probed;
    });
    expectHonest('tr H', estimates, trace);

    const { mean } = await batchGradient(gpu, point);
    const { value: covariance } = await exactCovarianceTrace(gpu, point, mean);
    const noise = await CovarianceTraceEstimator.open(gpu, point, operator, 16);
    const noisy = await overSeeds((seed) => noise.estimate({ probes: 16, seed }));
    expectHonest('tr(HΣ)', noisy, covariance);
    expect(await noise.estimate({ probes: 16, seed: 3 })).toEqual(noisy[3]);
    for (const made of [noise, operator]) made.dispose();
    dispose();
  });

  test('tr H by Hutch++, 24 products', async () => {
    const { gpu, point, dispose } = await pointOf(MLP, [5], 24);
    const operator = await CurvatureOperator.open(gpu, point, 8);
    const { value: trace } = await exactTrace(gpu, point, 'hessian');
    const estimator = await HutchPlusPlus.open(gpu, operator, 24);
    const estimates = await overSeeds((seed) => estimator.estimate(seed));
    expect(estimates[0]!.probes).toBe(8);
    expectHonest('Hutch++', estimates, trace);
    // An estimate does not depend on those before it.
    expect(await estimator.estimate(3)).toEqual(estimates[3]);
    expect(await hutchPlusPlus(gpu, operator, { probes: 24, seed: 3 })).toEqual(estimates[3]);
    for (const made of [estimator, operator]) made.dispose();
    dispose();
  });

  test('stochastic Lanczos quadrature of 16 starts: ln det, the trace of the inverse, and the density', async () => {
    const gpu = await testGpu();
    // I/4 + R·Rᵀ/7, R [6, 7]: eigenvectors along no axis, so that random signs see none of it exactly.
    const R = Array.from({ length: 6 }, (_, i) => randomValues(7, 31 + i));
    const matrix = R.map((a, i) =>
      Float32Array.from(R, (b, j) => a.reduce((sum, v, k) => sum + v * b[k]!, 0) / 7 + (i === j ? 0.25 : 0)),
    );
    const { operator, dispose } = await denseOperator(matrix);
    const { values } = symmetricEigen(matrix);
    const total = (f: (value: number) => number): number => values.reduce((sum, value) => sum + f(value), 0);
    const estimator = new LanczosQuadrature(gpu, operator, values.length);
    const spectra = await overSeeds((seed) => estimator.estimate({ starts: 16, seed }));

    expectHonest(
      'ln det',
      spectra.map((spectrum) => logDeterminant(spectrum)),
      total(Math.log),
    );
    const inverse = (value: number): number => 1 / value;
    expectHonest(
      'tr of the inverse',
      spectra.map((spectrum) => spectralSum(spectrum, inverse)),
      total(inverse),
    );
    // Of as many steps as there are dimensions the density is that of the eigenvalues, smoothed alike: over several of them, since of
    // one alone a start sees a squared component, too skewed for a t interval from few.
    const sigma = 0.3;
    const densities = spectra.map((spectrum) => spectralDensity(spectrum, sigma));
    const gaussian = (at: number) => (value: number) =>
      Math.exp(-(((at - value) / sigma) ** 2) / 2) / (sigma * Math.sqrt(2 * Math.PI));
    for (const place of [0.25, 0.5]) {
      const points = densities.map(({ grid, density, stderr }) => {
        const i = Math.round(place * (grid.length - 1));
        return { at: grid[i]!, value: density[i]!, stderr: stderr![i]!, probes: 16 };
      });
      const truths = points.map(({ at }) => total(gaussian(at)) / values.length);
      expectHonest(`density at ${points[0]!.at.toFixed(3)}`, points, truths);
    }
    expect(await estimator.estimate({ starts: 16, seed: 3 })).toEqual(spectra[3]);
    expect(await spectralQuadrature(gpu, operator, { starts: 16, steps: values.length, seed: 3 })).toEqual(
      spectra[3],
    );
    estimator.dispose();
    dispose();
  });
}
