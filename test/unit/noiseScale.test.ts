import { expect, test } from 'vitest';
import { normal } from '../../src/data/normal.ts';
import { gradientNoise, RunningNoiseScale, twoBatchNoise } from '../../src/measure/noiseScale.ts';

/** Gradients of five examples in three coordinates. */
const GRADIENTS = [
  [1, 2, -1],
  [0.5, -1, 3],
  [2, 2, 0],
  [-1, 0.25, 1],
  [3, 1, 1],
];
const mean = [0, 1, 2].map((k) => GRADIENTS.reduce((sum, g) => sum + g[k]!, 0) / 5);
const normSq = (v: readonly number[]): number => v.reduce((sum, x) => sum + x * x, 0);

test('batches of one and of all give the sample covariance, divisor N − 1', () => {
  const small = GRADIENTS.reduce((sum, g) => sum + normSq(g), 0) / 5;
  const trace = GRADIENTS.reduce((sum, g) => sum + normSq(g.map((x, k) => x - mean[k]!)), 0) / 4;
  const noise = twoBatchNoise({ batchSize: 1, normSq: small }, { batchSize: 5, normSq: normSq(mean) });
  expect(noise.traceCovariance).toBeCloseTo(trace, 12);
  expect(noise.gradNormSqUnbiased).toBeCloseTo(normSq(mean) - trace / 5, 12);
  expect(noise.bSimple).toBeCloseTo(trace / (normSq(mean) - trace / 5), 12);
  expect(noise.bSimpleResolved).toBe(true);
});

test('the estimates solve E|G_B|² = |G|² + tr Σ/B at both batch sizes', () => {
  const [G, trace] = [0.7, 12];
  const at = (batchSize: number) => ({ batchSize, normSq: G + trace / batchSize });
  const noise = twoBatchNoise(at(8), at(64));
  expect(noise.gradNormSqUnbiased).toBeCloseTo(G, 12);
  expect(noise.traceCovariance).toBeCloseTo(trace, 12);
  expect(() => twoBatchNoise(at(8), at(8))).toThrow(/8 and 8, expected 0 < b < B/);
});

test('what rounding hides, and a gradient that the batch cannot see, are not resolved', () => {
  const tiny = twoBatchNoise({ batchSize: 1, normSq: 1 + 1e-8 }, { batchSize: 64, normSq: 1 });
  expect(tiny.bSimpleResolved).toBe(false);
  const blind = gradientNoise(1, 640, 64);
  expect(blind.bSimple).toBeLessThan(0);
  expect(blind.bSimpleResolved).toBe(false);
  expect(gradientNoise(10, 640, 64).bSimple).toBeNull();
});

test('running averages divide once: not the average of ratios', () => {
  const running = new RunningNoiseScale(0.5);
  expect(running.bSimple).toBeNull();
  running.add(gradientNoise(3, 8, 8));
  expect(running.bSimple).toBeCloseTo(4, 12);
  running.add(gradientNoise(1.5, 8, 8));
  expect(running.traceCovariance).toBeCloseTo(8, 12);
  expect(running.gradNormSqUnbiased).toBeCloseTo((0.25 * 2 + 0.5 * 0.5) / 0.75, 12);
  expect(running.bSimple).toBeCloseTo(8 / 1, 12);
  for (let i = 0; i < 9; i++) running.add(gradientNoise(0, 8, 8));
  expect(running.bSimple).toBeNull();
  expect(() => new RunningNoiseScale(1)).toThrow(/expected 0 ≤ decay < 1/);
});

test('the running ratio has a standard error that covers its scatter, and none while there is one measurement', () => {
  const [runs, measurements, decay] = [400, 300, 0.98];
  const first = new RunningNoiseScale(decay);
  first.add(gradientNoise(3, 8, 8));
  expect(first.bSimpleStderr).toBeNull();
  first.add(gradientNoise(3, 8, 8));
  expect(first.bSimpleStderr).toBeCloseTo(0, 6);

  // tr Σ = 40 ± 6, |G|² = 1 ± 2, not independent of each other: single ratios say nothing.
  const found = Array.from({ length: runs }, (_, run) => {
    const running = new RunningNoiseScale(decay);
    for (let i = 0; i < measurements; i++) {
      const [a, b] = [normal(run, 0, i, 0), normal(run, 0, i, 1)];
      const trace = 40 + 6 * a;
      running.add(gradientNoise(1 + 2 * (0.6 * a + 0.8 * b) + trace / 8, trace, 8));
    }
    return running;
  });
  const ratios = found.map(({ bSimple }) => bSimple!);
  const centre = ratios.reduce((sum, v) => sum + v, 0) / runs;
  const scatter = Math.sqrt(ratios.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (runs - 1));
  const errors = found.map(({ bSimpleStderr }) => bSimpleStderr!);
  const covered = found.filter((_, i) => Math.abs(ratios[i]! - 40) < 2 * errors[i]!).length / runs;
  console.info(`scatter ${scatter.toFixed(2)}, two errors cover ${(100 * covered).toFixed(1)} %`);
  const claimed = Math.sqrt(errors.reduce((sum, v) => sum + v ** 2, 0) / runs);
  expect(claimed / scatter).toBeGreaterThan(0.85);
  expect(claimed / scatter).toBeLessThan(1.3);
  expect(covered).toBeGreaterThan(0.9);
});
