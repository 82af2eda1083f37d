import { expect, test } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import type { GivenInstrument } from '../../src/measure/givenInstrument.ts';
import { instrumentFrom } from '../../src/measure/instruments.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { TrainingRun } from '../../src/train/trainingRun.ts';
import { testGpu } from './device.ts';
import { dense } from './randomPoint.ts';

const MODEL = parseModel('m', {
  layers: [dense(5, 7), { type: 'Tanh' }, dense(7, 3)],
  loss: 'cross_entropy',
});

/** Dispatches of the step at which the instruments are due, beyond those of a step without. */
async function dispatchesOf(given: readonly GivenInstrument[]): Promise<number> {
  const dataset = syntheticDataset('gaussian-clusters?examples=200&classes=3&dims=5');
  using run = await TrainingRun.open(await testGpu(), {
    model: MODEL,
    dataset,
    steps: 4,
    batches: [{ fromStep: 0, batchSize: 20 }],
    sampling: 'sequential',
    instruments: given.map((one) => instrumentFrom('test', one.type, { ...one })),
    replicas: [
      {
        seed: 1,
        settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
        rates: new Float32Array(4),
        weights: new Map([...initialStateDict(MODEL, 1)].map(([key, { data }]) => [key, data])),
      },
    ],
  });
  const counts = run.programs.map(({ dispatches }) => dispatches.length);
  return Math.max(...counts) - Math.min(...counts);
}

test('instruments that are told nothing else are of the same examples', async () => {
  const four: readonly GivenInstrument[] = [
    { type: 'eigenvalue', at: [2] },
    { type: 'hessian_noise', at: [2] },
    { type: 'density', at: [2] },
    { type: 'keskar', at: [2] },
  ];
  const alone: number[] = [];
  for (const one of four) alone.push(await dispatchesOf([one]));
  expect(alone.reduce((sum, count) => sum + count, 0) - (await dispatchesOf(four))).toBeGreaterThanOrEqual(
    3 * 8,
  );
});

test('instruments of the same examples take their forward pass and gradient once', async () => {
  const three = (examples: readonly [number, number, number]): GivenInstrument[] => [
    { type: 'eigenvalue', examples: examples[0], at: [2] },
    { type: 'hessian_noise', examples: examples[1], probes: 2, at: [2] },
    { type: 'density', examples: examples[2], starts: 2, steps: 3, at: [2] },
  ];
  const [shared, apart] = [await dispatchesOf(three([40, 40, 40])), await dispatchesOf(three([40, 41, 42]))];
  // Of the second and the third: gathering, two layers and the loss, the way back through them, and what products take of that.
  expect(apart - shared).toBeGreaterThanOrEqual(2 * 8);
  const alone: number[] = [];
  for (const one of three([40, 40, 40])) alone.push(await dispatchesOf([one]));
  expect(alone.reduce((sum, count) => sum + count, 0) - shared).toBeGreaterThanOrEqual(2 * 8);
});
