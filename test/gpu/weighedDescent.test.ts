import { expect, test } from 'vitest';
import { fitDataset } from '../../src/data/dataset.ts';
import { quadraticModel } from '../../src/data/synthetic/quadratic.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import {
  batchWeights,
  signWeights,
  svagWeights,
  wholeWeights,
} from '../../src/experiments/since/exampleWeights.ts';
import { type Descent, ROWS, weighedDescent } from '../../src/experiments/since/weighedDescent.ts';
import { flatValues } from '../../src/nn/flatValues.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { testGpu } from './device.ts';

/** Runs of each arm: what they scatter tells how far their mean may be off. */
const RUNS = 24;

test('mini-batches, centred signs, isotropic noise and SVAG have one variance on a quadratic, that of its closed form', async () => {
  const [dims, examples, curvature, batchSize, rate, l] = [33, 64, 1, 4, 0.05, 4];
  const name = `quadratic?examples=${examples}&dims=${dims}&curvature=${curvature}&sigma=1&seed=4`;
  const model = quadraticModel({ dims });
  const dataset = fitDataset(syntheticDataset(name), model).dataset;
  const layout = parameterLayout(model);
  const start = flatValues(layout, new Map([['0.weight', Float32Array.from({ length: dims }, () => 0.6)]]));
  const gpu = await testGpu();
  const ends = async (of: (seed: number) => Descent, steps: number): Promise<Float32Array[]> => {
    const runs = Array.from({ length: RUNS }, (_, run) => of(500 + run));
    const running = weighedDescent(gpu, { model, dataset, start }, runs, steps);
    for (;;) {
      const next = await running.next();
      if (next.done) return next.value;
    }
  };
  const drawn = (seed: number) => ({ examples, batchSize, seed });
  const whole = wholeWeights(drawn(0));
  const plain = (seed: number) => ({ rate, seed });

  // Gradients are h(θ − c_n), centres of mean 0; drawn with replacement their variances are (N − 1)/N of σ².
  const square = (theta: Float32Array): number => theta.reduce((sum, value) => sum + value ** 2, 0);
  const trace = (dims * (examples - 1)) / examples;
  const expected = (at: number, steps: number, noise: number): number => {
    let mean = square(start);
    for (let step = 0; step < steps; step++) mean = (1 - at * curvature) ** 2 * mean + at ** 2 * noise;
    return mean;
  };

  const [still] = await ends((seed) => ({ ...plain(seed), weights: () => whole }), ROWS);
  expect(square(still!)).toBeCloseTo(expected(rate, ROWS, 0), 5);
  const arms = {
    batches: await ends((seed) => ({ ...plain(seed), weights: (t) => batchWeights(drawn(seed), t) }), ROWS),
    signs: await ends(
      (seed) => ({
        ...plain(seed),
        weights: (t) => signWeights(drawn(seed), t).map((weight, n) => weight + whole[n]!),
      }),
      ROWS,
    ),
    isotropic: await ends(
      (seed) => ({
        ...plain(seed),
        weights: () => whole,
        isotropic: (t) => signWeights(drawn(seed), t),
      }),
      ROWS,
    ),
  };
  for (const [arm, found] of Object.entries(arms)) {
    expectMean(arm, found.map(square), expected(rate, ROWS, trace / batchSize));
  }
  const svag = await ends(
    (seed) => ({ rate: rate / l, seed, weights: (t) => svagWeights(drawn(seed), t, l) }),
    l * ROWS,
  );
  expectMean('svag', svag.map(square), expected(rate / l, l * ROWS, (l * trace) / batchSize));
});

/** Within four standard errors. */
function expectMean(arm: string, values: readonly number[], expected: number): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const off = (mean - expected) / Math.sqrt(variance / values.length);
  expect(Math.abs(off), `${arm}: ${mean}, expected ${expected}`).toBeLessThan(4);
}
