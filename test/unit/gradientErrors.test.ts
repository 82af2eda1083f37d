import { expect, test } from 'vitest';
import { gradientSignalToNoise } from '../../src/measure/statistics/gradientSignalToNoise.ts';
import { gradientTestErrors } from '../../src/measure/statistics/gradientTestErrors.ts';
import { jackknife } from '../../src/measure/statistics/jackknife.ts';
import { type GradientSample, leaveOneOut } from '../../src/measure/statistics/leaveOneOut.ts';
import { noiseErrors } from '../../src/measure/statistics/noiseErrors.ts';
import { gradientNoise } from '../../src/measure/statistics/noiseScale.ts';
import { samplingCriteria } from '../../src/measure/statistics/samplingCriteria.ts';
import { signalToNoiseErrors } from '../../src/measure/statistics/signalToNoiseErrors.ts';
import { type CoordinateMoments, withoutGroup } from '../../src/measure/statistics/withoutGroup.ts';
import { flatLayout } from '../../src/ops/flat.ts';
import { normal } from '../../src/random/normal.ts';
import { leaveOneOutError } from './leaveOneOutError.ts';

const variance = (values: readonly number[]): number => {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
};
type Vector = readonly number[];
const dot = (a: Vector, b: Vector): number => a.reduce((sum, v, d) => sum + v * b[d]!, 0);

const DIMS = 20;
/** Mean gradient, and standard deviations of the coordinates: tr Σ = 3.15, |G|² = 1.6. */
const MEAN = Array.from({ length: DIMS }, (_, d) => (d % 4 === 0 ? 0.5 : 0.15 * Math.sin(d)));
const SPREAD = Array.from({ length: DIMS }, (_, d) => 0.1 + 0.04 * d);

/** Gradients of known mean and covariance, skewed: squares of normal numbers, less their mean, over their deviation. */
function draw(examples: number, seed: number): Vector[] {
  return Array.from({ length: examples }, (_, n) =>
    MEAN.map((mean, d) => mean + (SPREAD[d]! * (normal(seed, 0, n, d) ** 2 - 1)) / Math.SQRT2),
  );
}

/** What a pass over the data gives, in float64. */
function sampleOf(gradients: readonly Vector[]): GradientSample {
  const N = gradients.length;
  const mean = gradients[0]!.map((_, d) => gradients.reduce((sum, g) => sum + g[d]!, 0) / N);
  const deviations = gradients.map((g) => g.map((v, d) => v - mean[d]!));
  const along = deviations.map((u) => dot(u, mean));
  const product = mean.map((_, d) => deviations.reduce((sum, u, n) => sum + along[n]! * u[d]!, 0) / (N - 1));
  return {
    gradNormSq: dot(mean, mean),
    traceCovariance: deviations.reduce((sum, u) => sum + dot(u, u), 0) / (N - 1),
    normSq: gradients.map((g) => dot(g, g)),
    dots: gradients.map((g) => dot(g, mean)),
    covarianceDots: gradients.map((g) => dot(g, product)),
  };
}

/** Every estimate, for a batch of so many. */
function estimates({ gradNormSq, traceCovariance, dots }: GradientSample, batchSize = dots.length) {
  const noise = gradientNoise(gradNormSq, traceCovariance, dots.length);
  const tests = samplingCriteria({ gradNormSq, traceCovariance, dots });
  // Each falls as 1/√B.
  const held = Math.sqrt(dots.length / batchSize);
  return {
    traceCovariance,
    gradNormSqUnbiased: noise.gradNormSqUnbiased,
    bSimple: noise.bSimple!,
    norm: held * tests.norm,
    innerProduct: held * tests.innerProduct,
    orthogonality: held * tests.orthogonality,
    overall: gradNormSq / traceCovariance,
    overallUnbiased: noise.gradNormSqUnbiased / traceCovariance,
  };
}
type Estimates = ReturnType<typeof estimates>;
const NAMES = Object.keys(estimates(sampleOf(draw(3, 0)))) as (keyof Estimates)[];

function errors(sample: GradientSample): { [K in keyof Estimates]: number | null } {
  const left = leaveOneOut(sample);
  const noise = left && noiseErrors({ ...sample, units: sample.dots.length }, left);
  return {
    traceCovariance: noise?.traceCovariance?.stderr ?? null,
    gradNormSqUnbiased: noise?.gradNormSqUnbiased?.stderr ?? null,
    bSimple: noise?.bSimple?.stderr ?? null,
    ...gradientTestErrors(sample),
    ...signalToNoiseErrors(sample),
  };
}

test('errors in closed form are those of leaving out each example in turn', () => {
  for (const examples of [33, 127]) {
    const gradients = draw(examples, 5);
    const without = gradients.map((_, n) =>
      estimates(sampleOf(gradients.filter((_, other) => other !== n)), examples),
    );
    const found = errors(sampleOf(gradients));
    for (const name of NAMES) {
      const expected = leaveOneOutError(without.map((each) => each[name]));
      // Along ḡ a term is left out that moves the error by a share of order 1/N.
      const allowed = name === 'innerProduct' || name === 'orthogonality' ? 2 / examples : 1e-9;
      expect(Math.abs(found[name]! / expected - 1), `${name}, N = ${examples}`).toBeLessThan(allowed);
    }
  }
});

test('intervals of two standard errors hold the truth as often as they say', { timeout: 60_000 }, () => {
  const [examples, seeds] = [400, 200];
  const normSq = dot(MEAN, MEAN);
  const trace = dot(SPREAD, SPREAD);
  const along = MEAN.reduce((sum, mean, d) => sum + (mean * SPREAD[d]!) ** 2, 0);
  const norm = trace / (examples * normSq);
  const alongSq = along / (examples * normSq ** 2);
  const truth: Estimates = {
    traceCovariance: trace,
    gradNormSqUnbiased: normSq,
    bSimple: trace / normSq,
    norm: Math.sqrt(norm),
    innerProduct: Math.sqrt(alongSq),
    orthogonality: Math.sqrt(norm - alongSq),
    overall: normSq / trace,
    overallUnbiased: normSq / trace,
  };
  const covered = new Map(NAMES.map((name) => [name, 0]));
  for (let seed = 0; seed < seeds; seed++) {
    const sample = sampleOf(draw(examples, seed));
    const [found, error] = [estimates(sample), errors(sample)];
    for (const name of NAMES) {
      if (Math.abs(found[name] - truth[name]) < 1.96 * error[name]!)
        covered.set(name, covered.get(name)! + 1);
    }
  }
  for (const [name, count] of covered) {
    expect(count / seeds, name).toBeGreaterThanOrEqual(0.9);
    expect(count / seeds, name).toBeLessThanOrEqual(0.99);
  }
});

test('there is no error of what two examples say, nor of what rounding hides', () => {
  expect(Object.values(errors(sampleOf(draw(2, 1))))).toEqual(NAMES.map(() => null));
  const close = draw(65, 1).map((g) => g.map((v, d) => 1000 * MEAN[d]! + v));
  expect(Object.values(errors(sampleOf(close)))).toEqual(NAMES.map(() => null));
  const { covarianceDots: _, ...without } = sampleOf(draw(33, 1));
  expect(gradientTestErrors(without)).toMatchObject({ innerProduct: null, orthogonality: null });
  expect(gradientTestErrors(without).norm).toBeGreaterThan(0);
});

test('the error of the mean ratio of single coordinates is what it varies by from sample to sample', {
  timeout: 60_000,
}, () => {
  const [examples, dims, groups, seeds] = [128, 100, 16, 200];
  const layout = flatLayout([{ name: 'all', shape: [dims] }]);
  const momentsOf = (gradients: readonly Vector[]): CoordinateMoments => {
    const mean = gradients[0]!.map((_, d) => gradients.reduce((sum, g) => sum + g[d]!, 0) / gradients.length);
    const centredSquares = mean.map((m, d) => gradients.reduce((sum, g) => sum + (g[d]! - m) ** 2, 0));
    return { mean, centredSquares, examples: gradients.length };
  };
  const samples = Array.from({ length: seeds }, (_, seed) => {
    const gradients = Array.from({ length: examples }, (_, n) =>
      Array.from({ length: dims }, (_, d) => 0.3 * Math.sin(d) + (0.5 + d / dims) * normal(seed, 1, n, d)),
    );
    const all = momentsOf(gradients);
    const left = Array.from({ length: groups }, (_, g) => {
      const others = withoutGroup(all, momentsOf(gradients.filter((_, n) => n % groups === g)));
      const direct = momentsOf(gradients.filter((_, n) => n % groups !== g));
      expect(others.centredSquares[7]! / direct.centredSquares[7]!).toBeCloseTo(1, 9);
      expect(others.mean[7]!).toBeCloseTo(direct.mean[7]!, 12);
      return gradientSignalToNoise(layout, others).meanUnbiased!;
    });
    return { mean: gradientSignalToNoise(layout, all).meanUnbiased!, error: jackknife(left)! };
  });
  const estimated = samples.reduce((sum, { error }) => sum + error ** 2, 0) / seeds;
  const ratio = estimated / variance(samples.map(({ mean }) => mean));
  expect(ratio).toBeGreaterThan(0.75);
  expect(ratio).toBeLessThan(1.5);
});
