import { expect, test } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import * as nn from '../../src/nn/layers.ts';
import { train } from '../../src/train/train.ts';
import type { TrainSettings } from '../../src/train/trainSettings.ts';
import { testGpu } from './device.ts';

const PLACES = 8;
const SYMBOLS = 5;
const WIDTH = 6;

const TRANSFORMER = nn.sequential(
  nn.embedding(SYMBOLS, WIDTH),
  nn.learnedPositions(PLACES, WIDTH),
  nn.transformerEncoderLayer(WIDTH, 2, { feedforward: 9, dropout: 0, normFirst: true, causal: true }),
  nn.layerNorm(WIDTH),
  nn.linear(WIDTH, SYMBOLS),
);

function settings(instruments: TrainSettings['instruments']): TrainSettings {
  return {
    model: TRANSFORMER,
    data: syntheticDataset(`markov-text?order=1&symbols=${SYMBOLS}&context=${PLACES}&examples=200`),
    batchSize: 12,
    steps: 24,
    optimizer: 'adamw',
    lr: 0.01,
    grid: { seed: [1, 5] },
    instruments,
  };
}

/** What a run's instruments told of one replica, and its losses. */
async function run(seed: number, instruments: TrainSettings['instruments']) {
  using training = await train(await testGpu(), settings(instruments));
  const told: Record<string, unknown>[] = [];
  const losses: number[] = [];
  for await (const reading of training.readings()) {
    if (reading.settings.seed !== seed) continue;
    losses.push(reading.loss);
    told.push({ ...reading });
  }
  return { losses, told };
}

interface Noise {
  readonly gradNormSq: number;
  readonly traceCovariance: number;
  readonly gradNormSqUnbiased: number;
  readonly bSimple: number | null;
  readonly bSimpleStderr: number | null;
}

test('LayerNorm’s own noise scale is that of its parameters’ parts of the whole, at no bit of the run', async () => {
  const plain = await run(5, []);
  const both = await run(5, [
    { type: 'noise_scale', layers: true, every: 3 },
    { type: 'layer_norm_noise_scale', every: 3 },
  ]);
  const alone = await run(5, [{ type: 'layer_norm_noise_scale', every: 3 }]);
  expect(both.losses).toEqual(plain.losses);
  expect(alone.losses).toEqual(plain.losses);
  const measured = both.told.filter(({ layers }) => layers);
  expect(measured).toHaveLength(8);
  for (const [i, reading] of both.told.entries()) {
    if (!reading.layers) continue;
    const layers = Object.entries(reading.layers as Record<string, Noise>);
    const own = layers.filter(([name]) => /norm|^3\./.test(name));
    // Two LayerNorms within the layer and one after it.
    expect(own.map(([name]) => name)).toHaveLength(6);
    const sum = (key: 'gradNormSq' | 'traceCovariance') =>
      own.reduce((total, [, numbers]) => total + numbers[key], 0);
    const found = (reading.instruments as { layer_norm_noise_scale: Noise }).layer_norm_noise_scale;
    // Sums of float64 in another order.
    expect(found.gradNormSq / sum('gradNormSq')).toBeCloseTo(1, 12);
    expect(found.traceCovariance / sum('traceCovariance')).toBeCloseTo(1, 10);
    expect(alone.told[i]!.instruments).toEqual({ layer_norm_noise_scale: found });
  }
  const last = measured.at(-1)!.instruments as { layer_norm_noise_scale: Noise };
  expect(last.layer_norm_noise_scale.bSimple).toBeTypeOf('number');
  expect(last.layer_norm_noise_scale.bSimpleStderr).toBeGreaterThan(0);
});

test('it is refused of a model without a LayerNorm that has weights, by name', async () => {
  const without = {
    ...settings([{ type: 'layer_norm_noise_scale', every: 1 }]),
    model: nn.sequential(
      nn.embedding(SYMBOLS, WIDTH),
      nn.layerNorm(WIDTH, { elementwiseAffine: false }),
      nn.linear(WIDTH, SYMBOLS),
    ),
  };
  await expect(train(await testGpu(), without)).rejects.toThrow(
    /instruments: has layer_norm_noise_scale, which wants a LayerNorm with a weight, and the model has none/,
  );
});
