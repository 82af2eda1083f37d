import { expect, test } from 'vitest';
import { fitDataset } from '../../src/data/dataset.ts';
import { quadraticModel } from '../../src/data/synthetic/quadratic.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { runBranch } from '../../src/experiments/branches.ts';
import {
  type Branch,
  branchedCriticalBatch,
  largestKeepingUp,
  smoothedLoss,
} from '../../src/measure/statistics/branchedCriticalBatch.ts';
import { testGpu } from './device.ts';

test('branches on a noisy quadratic: losses within 4 standard errors of their closed form, k* as that has it', async () => {
  const [dims, examples, curvature, sigma] = [65, 4096, 1, 1];
  const [batchSize, lr, window, halfLife] = [2, 0.02, 512, 64];
  const factors = [1, 2, 4, 8, 16, 32, 64];
  const model = quadraticModel({ dims });
  const name = `quadratic?examples=${examples}&dims=${dims}&curvature=${curvature}&sigma=${sigma}&seed=4`;
  const theta = Float32Array.from({ length: dims }, () => 0.6);
  const seeds = Array.from({ length: 16 }, (_, s) => 40 + s);
  const branches: Branch[] = [];
  const dataset = fitDataset(syntheticDataset(name), model).dataset;
  const weights = new Map([['0.weight', theta]]);
  for (const factor of factors) {
    const options = { model, dataset, weights, batchSize, lr, factor, window, seeds, halfLife };
    const running = runBranch(await testGpu(), options);
    let next = await running.next();
    while (!next.done) next = await running.next();
    branches.push(next.value);
  }

  // E|θ|² from step to step, and the loss of a batch that θ has not seen, (h/2)(|θ|² + mean |c|²).
  const trace = dims * sigma ** 2;
  const exact = factors.map((factor) => {
    const [B, rate] = [factor * batchSize, factor * lr];
    let square = theta.reduce((sum, v) => sum + v * v, 0);
    const losses: number[] = [];
    for (let step = 0; step < window / B; step++) {
      losses.push((curvature / 2) * (square + trace / curvature ** 2));
      square = (1 - rate * curvature) ** 2 * square + (rate ** 2 * trace) / B;
    }
    return { factor, loss: smoothedLoss(losses, B, halfLife) };
  });
  branches.forEach(({ factor, losses }, i) => {
    const mean = losses.reduce((sum, v) => sum + v, 0) / losses.length;
    const variance = losses.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (losses.length - 1);
    const stderr = Math.sqrt(variance / losses.length);
    console.info(
      `k = ${factor}: ${mean.toFixed(3)} ± ${stderr.toFixed(3)}, closed form ${exact[i]!.loss.toFixed(3)}`,
    );
    expect(Math.abs(mean - exact[i]!.loss)).toBeLessThan(4 * stderr);
  });
  const tolerance = 0.2;
  const expected = largestKeepingUp(exact, tolerance);
  const found = branchedCriticalBatch(branches, { batchSize, tolerance });
  expect(expected).toBeGreaterThan(1);
  expect(expected).toBeLessThan(64);
  expect(found).toMatchObject({
    factor: expected,
    batchSize: expected * batchSize,
    atLeast: false,
    atMost: false,
  });
});
