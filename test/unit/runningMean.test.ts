import { describe, expect, it, test } from 'vitest';
import { sharpnessOfBatch } from '../../src/measure/curvature/sharpnessOfBatch.ts';
import { RunningMean } from '../../src/measure/statistics/runningMean.ts';

/** Uniform in (0, 1), a stream for each seed (mulberry32). */
function uniforms(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

const SEEDS = 500;
const LOOKS = [8, 10, 30, 100];

/**
 * How often the interval holds the expectation at each look. The values are skewed and end above, as Rayleigh quotients do: 1.5 of their
 * mean less an exponential, its end at 1.
 */
function coverage(truth: (look: number) => number): number[] {
  const covered = LOOKS.map(() => 0);
  for (let seed = 1; seed <= SEEDS; seed++) {
    const uniform = uniforms(seed);
    const running = new RunningMean();
    for (let look = 1; look <= LOOKS.at(-1)!; look++) {
      // Of two uniform numbers the larger is 2/3 on average.
      running.add(truth(look) * 1.5 * Math.max(uniform(), uniform()));
      const at = LOOKS.indexOf(look);
      if (at < 0) continue;
      const [low, high] = running.newest()!.interval!;
      covered[at]! += Number(low! <= truth(look) && truth(look) <= high!) / SEEDS;
    }
  }
  return covered;
}

describe('the interval of the newest expectation holds it in 90 to 99 of 100 runs', () => {
  it.each<[string, (look: number) => number]>([
    ['one that stays as it is', () => 3],
    ['one that grows e-fold in 100 looks', (look) => Math.exp(look / 100)],
    ['one that rises and then stays', (look) => 1 - Math.exp(-look / 30) + 0.1],
  ])('%s', (name, truth) => {
    const found = coverage(truth);
    console.info(
      `${name}: ${found.map((share, i) => `${(100 * share).toFixed(1)} % at ${LOOKS[i]}`).join(', ')}`,
    );
    for (const share of found) {
      expect(share).toBeGreaterThanOrEqual(0.9);
      expect(share).toBeLessThanOrEqual(0.99 + 2 * Math.sqrt((0.99 * 0.01) / SEEDS));
    }
  });
});

test('the scatter is that of a single look: it holds the expectation as often, whatever the drift', () => {
  let covered = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const uniform = uniforms(seed);
    const running = new RunningMean();
    let [value, truth] = [0, 0];
    for (let look = 1; look <= 40; look++) {
      truth = Math.exp(look / 100);
      value = truth * 1.5 * Math.max(uniform(), uniform());
      running.add(value);
    }
    covered += Number(Math.abs(value - truth) <= 1.96 * running.newest()!.scatter!) / SEEDS;
  }
  console.info(`a single look ± 1.96 of the scatter: ${(100 * covered).toFixed(1)} %`);
  expect(covered).toBeGreaterThanOrEqual(0.9);
  expect(covered).toBeLessThanOrEqual(0.99);
});

test('three looks have a mean and no error, none have nothing, and what is not finite is left out', () => {
  const running = new RunningMean();
  expect(running.newest()).toBeNull();
  for (const value of [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 6]) running.add(value);
  expect(running.newest()).toEqual({ mean: 3, stderr: null, scatter: null, interval: null });
  running.add(3);
  expect(running.newest()!.stderr).toBeGreaterThan(0);
});

test('batch sharpness begins its mean anew where batches become of another size', () => {
  const tell = sharpnessOfBatch
    .make({}, { every: 1 })
    .follow({ names: [], sampling: () => ({ examples: 100, replacement: true }) });
  const look = (value: number, batchSize: number) =>
    tell({ value, gHg: value, gradNormSq: 1 }, { step: 1, batchSize });
  for (const value of [1, 2, 1, 2, 1]) look(value, 8);
  expect(look(2, 8).meanStderr).toBeGreaterThan(0);
  expect(look(5, 16)).toEqual({
    value: 5,
    valueStderr: null,
    gHg: 5,
    gradNormSq: 1,
    mean: 5,
    meanStderr: null,
    meanInterval: null,
  });
  expect(look(7, 16)).toMatchObject({ value: 7, mean: 6 });
  expect(look(Number.NaN, 16)).toMatchObject({ value: null, mean: 6 });
});
