import { expect, test } from 'vitest';
import { gradientNoise, twoBatchNoise } from '../../src/measure/statistics/noiseScale.ts';

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
});

test('the estimates solve E|G_B|² = |G|² + tr Σ/B at both batch sizes', () => {
  const [G, trace] = [0.7, 12];
  const at = (batchSize: number) => ({ batchSize, normSq: G + trace / batchSize });
  const noise = twoBatchNoise(at(8), at(64));
  expect(noise.gradNormSqUnbiased).toBeCloseTo(G, 12);
  expect(noise.traceCovariance).toBeCloseTo(trace, 12);
  expect(() => twoBatchNoise(at(8), at(8))).toThrow(/8 and 8, expected 0 < b < B/);
});

test('what rounding may have moved tr Σ by is told with it, and a negative B_simple is reported as computed', () => {
  const tiny = twoBatchNoise({ batchSize: 1, normSq: 1 + 1e-8 }, { batchSize: 64, normSq: 1 });
  expect(tiny.traceCovariance).toBeLessThan(tiny.traceCovarianceRounding);
  const plain = twoBatchNoise({ batchSize: 1, normSq: 2 }, { batchSize: 64, normSq: 1 });
  expect(plain.traceCovariance).toBeGreaterThan(1e4 * plain.traceCovarianceRounding);
  expect(gradientNoise(1, 640, 64).bSimple).toBeCloseTo(-640 / 9, 10);
  expect(gradientNoise(10, 640, 64).bSimple).toBeNull();
});
