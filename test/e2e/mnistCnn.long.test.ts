import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { basin, inFolder } from './basin.ts';

/** Strides in place of pooling: 0.3 million multiplications an example and pass. */
const MODEL = {
  layers: [
    { type: 'Conv2d', in_channels: 1, out_channels: 8, kernel_size: 5, stride: 2, padding: 2 },
    { type: 'ReLU' },
    { type: 'Conv2d', in_channels: 8, out_channels: 24, kernel_size: 5, stride: 2, padding: 2 },
    { type: 'ReLU' },
    { type: 'Flatten' },
    { type: 'Linear', in_features: 1176, out_features: 10 },
  ],
  loss: 'cross_entropy',
};
const TRAIN = {
  model: 'model.json',
  data: 'mnist',
  order: 'shuffle',
  seed: 1,
  batch_size: 32,
  steps: 1875,
  optimizer: { type: 'sgd', lr: 0.1, momentum: 0.9, nesterov: true },
  lr_schedule: { type: 'cosine', T_max: 1875, warmup: 50 },
};

test('a convolutional network reads 98 % of the MNIST test images after one epoch', {
  timeout: 600_000,
}, async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, 'model.json'), JSON.stringify(MODEL));
    writeFileSync(join(folder, 'train.json'), JSON.stringify(TRAIN));
    const started = performance.now();
    const { stderr, exitCode } = await basin(['train', 'train.json', '--out', 'result.json'], folder);
    expect(exitCode, stderr).toBe(0);
    const { testAccuracy, losses } = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.info(
      `MNIST after one epoch: ${(100 * testAccuracy).toFixed(2)} % of the test images, ${seconds} s`,
    );
    expect(losses).toHaveLength(1875);
    expect(testAccuracy).toBeGreaterThanOrEqual(0.98);
  });
});
