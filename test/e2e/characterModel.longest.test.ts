import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { markovTextEntropy } from '../../src/data/synthetic/markovText.ts';
import { syntheticOptions } from '../../src/data/synthetic.ts';
import { basin, inFolder } from './basin.ts';

const MINUTES = 20;
/** Nats a character of Moby Dick. */
const MOST = 2;
/** Over the least loss that the chain leaves to any model. */
const OVER = 0.02;

/** Two layers of width 64 over 64 positions, by AdamW with warm-up and cosine, in Chromium on the software adapter. */
const job = (data: string, steps: number) => ({
  model: { transformer: { layers: 2, width: 64, heads: 4 } },
  data,
  batch_size: 16,
  steps,
  seed: 0,
  optimizer: { type: 'adamw', lr: 0.006, betas: [0.9, 0.99], weight_decay: 0.1 },
  lr_schedule: { type: 'cosine', T_max: steps, eta_min: 0, warmup: 100 },
  record_every: 50,
});

/** @returns the loss of the text for testing, and the minutes that it took */
function trained(data: string, steps: number): Promise<{ testLoss: number; minutes: number }> {
  return inFolder(async (folder) => {
    writeFileSync(join(folder, 'train.json'), JSON.stringify(job(data, steps)));
    const began = performance.now();
    const { exitCode, stderr } = await basin(
      ['train', 'train.json', '--runtime', 'browser', '--out', 'result.json'],
      folder,
    );
    expect(exitCode, stderr).toBe(0);
    const minutes = (performance.now() - began) / 60_000;
    const { testLoss } = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
    console.info(`${data}: ${testLoss} nats after ${steps} steps, ${minutes.toFixed(1)} minutes`);
    return { testLoss, minutes };
  });
}

test('a small Transformer learns Moby Dick to less than two nats a character in twenty minutes', {
  timeout: 3_600_000,
}, async () => {
  const { testLoss, minutes } = await trained('moby-dick', 1300);
  expect(testLoss).toBeLessThan(MOST);
  expect(minutes).toBeLessThan(MINUTES);
});

test('… and a Markov chain as far as it can be learnt', { timeout: 3_600_000 }, async () => {
  const { testLoss } = await trained('markov-text', 1300);
  const { leastLoss } = markovTextEntropy(syntheticOptions('markov-text') as never);
  console.info(`least loss ${leastLoss}`);
  expect(testLoss).toBeLessThan((1 + OVER) * leastLoss);
});
