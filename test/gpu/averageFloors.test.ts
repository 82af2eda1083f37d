import { expect, test } from 'vitest';
import {
  quadraticModel,
  quadraticMoments,
  quadraticStationaryVariance,
} from '../../src/data/synthetic/quadratic.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { train } from '../../src/train/train.ts';
import type { TrainSettings } from '../../src/train/trainSettings.ts';
import { testGpu } from './device.ts';

/**
 * SGD at a constant rate on a quadratic, long after it has forgotten its start. With curvature h and rate ε each coordinate is an AR(1)
 * process θ ← aθ + noise, a = 1 − εh, whose stationary variance V is known, and with it that of whatever is linear in its values: the
 * expected loss above the minimum is (h/2)PV times the factor of the average.
 */
const [EXAMPLES, DIMS, B, LR] = [512, 128, 2, 0.2];
const QUADRATIC = { examples: EXAMPLES, dims: DIMS, curvature: 1, sigma: 1 };
const A = 1 - LR;
const SETTINGS: TrainSettings = {
  model: quadraticModel({ dims: DIMS }).layers,
  loss: 'mse',
  data: syntheticDataset(`quadratic?examples=${EXAMPLES}&dims=${DIMS}&curvature=1&sigma=1`),
  order: 'iid',
  batchSize: B,
  lr: LR,
  steps: 0,
};
const SEEDS = Array.from({ length: 16 }, (_, seed) => seed);

/** Of one coordinate; draws with replacement see (N − 1)/N of σ². */
const variance = (momentum: number): number =>
  ((EXAMPLES - 1) / EXAMPLES) *
  quadraticStationaryVariance({ lr: LR, momentum, batchSize: B, curvature: 1, sigma: 1 });

/** Mean and standard error over independent runs. */
function overRuns(values: readonly number[]): { mean: number; stderr: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, stderr: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** Within 5 % of what is expected, which is more than three standard errors. */
function expectWithin5Percent(what: string, values: readonly number[], exact: number): void {
  const { mean, stderr } = overRuns(values);
  console.info(`${what}: ${(mean / exact).toFixed(4)} ± ${(stderr / exact).toFixed(4)} of the closed form`);
  expect(3 * stderr).toBeLessThan(0.05 * exact);
  expect(Math.abs(mean / exact - 1)).toBeLessThan(0.05);
}

/** w ← w + (1 − β)(θ − w) of an AR(1) process. */
function emaFactor(beta: number): number {
  return (((1 - beta) / (1 + beta)) * (1 + A * beta)) / (1 - A * beta);
}

/** The mean of `last` values of it, `every` steps apart. */
function lawaFactor(last: number, every: number): number {
  let sum = last;
  for (let j = 1; j < last; j++) sum += 2 * (last - j) * A ** (j * every);
  return sum / last ** 2;
}

for (const [name, averaging, factor] of [
  ['EMA', { kind: 'ema', decay: 0.9 }, emaFactor(0.9)],
  ['LAWA', { kind: 'lawa', last: 5, every: 4 }, lawaFactor(5, 4)],
] as const) {
  test(`the loss floor of ${name} is within 5 % of its closed form, and so is that of the last weights`, {
    timeout: 240_000,
  }, async () => {
    const [first, apart, looks] = [200, 60, 12];
    const steps = first + apart * looks;
    const run = await train(await testGpu(), { ...SETTINGS, steps, averaging, grid: { seed: SEEDS } });
    const floor = { last: SEEDS.map(() => 0), averaged: SEEDS.map(() => 0) };
    const least = quadraticMoments([0], QUADRATIC).loss;
    for (let look = 1; look <= looks; look++) {
      for await (const _ of run.readings(first + apart * look));
      for (const which of ['last', 'averaged'] as const) {
        (await run.evaluate(undefined, { which })).forEach(({ loss }, r) => {
          floor[which][r]! += (loss - least) / looks;
        });
      }
    }
    run.dispose();
    const exact = (DIMS / 2) * variance(0);
    expectWithin5Percent('last weights', floor.last, exact);
    expectWithin5Percent(name, floor.averaged, exact * factor);
  });
}

test('SWAG’s variance of a quadratic is within 5 % of SGD’s stationary one, with momentum too', {
  timeout: 240_000,
}, async () => {
  const run = await train(await testGpu(), {
    ...SETTINGS,
    steps: 4200,
    averaging: { kind: 'swag', start: 210, every: 10 },
    grid: { momentum: [0, 0.9], seed: SEEDS.slice(0, 8) },
  });
  for await (const _ of run.readings());
  for (const momentum of [0, 0.9]) {
    const means = [];
    for (const seed of SEEDS.slice(0, 8)) {
      const found = (await run.captureVariance({ momentum, seed })).get('0.weight')!.data as Float32Array;
      means.push(found.reduce((sum, value) => sum + value, 0) / DIMS);
    }
    expectWithin5Percent(`SWAG, m = ${momentum}`, means, variance(momentum));
  }
  run.dispose();
});
