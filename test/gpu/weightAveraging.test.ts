import { expect, test } from 'vitest';
import { captureGeometry, meanOf } from '../../src/experiments/izmailov/captureGeometry.ts';
import { Solutions } from '../../src/experiments/izmailov/solutions.ts';
import { swaNet } from '../../src/experiments/izmailov/swaNet.ts';
import { armRates } from '../../src/experiments/izmailov/swaSchedules.ts';
import { type ArmsOf, trainArms } from '../../src/experiments/izmailov/trainArms.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { deriveSeed } from '../../src/random/deriveSeed.ts';
import { normal } from '../../src/random/normal.ts';
import { TrainingRun } from '../../src/train/trainingRun.ts';
import { testGpu } from './device.ts';

const [SIDE, EXAMPLES] = [5, 24];

/** Images of noise, brighter by class. */
function images(seed: number) {
  return {
    name: 'noise',
    x: Float32Array.from({ length: EXAMPLES * SIDE ** 2 }, (_, i) => {
      const example = Math.floor(i / SIDE ** 2);
      return normal(seed, 90, example, i % SIDE ** 2) + (example % 3);
    }),
    exampleShape: [1, SIDE, SIDE],
    examples: EXAMPLES,
    targets: {
      kind: 'classes' as const,
      labels: Uint32Array.from({ length: EXAMPLES }, (_, n) => n % 3),
      classes: 3,
    },
  };
}

const of: ArmsOf = {
  model: swaNet(SIDE, 2, 3),
  train: images(1),
  budget: { cycle: 2, steps: 24 },
  rates: { lr: 0.1, constant: 0.5, cyclic: 0.5, least: 0.01 },
  batchSize: 8,
  momentum: 0.9,
  weightDecay: 1e-3,
  shift: 1,
  seed: 7,
};

test('arms that branch off a trunk have the bits of runs that were never branched, and their averages are those of the captures', async () => {
  const gpu = await testGpu();
  const running = trainArms(gpu, of);
  let next = await running.next();
  while (!next.done) next = await running.next();
  const { last, averaged, captures } = next.value;
  const straight = async (arm: 'sgd 1.5' | 'constant', until: number): Promise<Float32Array> => {
    const initial = initialStateDict(of.model, deriveSeed(of.seed, 'init'));
    using run = await TrainingRun.open(gpu, {
      model: of.model,
      dataset: of.train,
      augmentation: { image: [1, SIDE, SIDE], shift: 1, flip: false },
      steps: 36,
      batches: [{ fromStep: 0, batchSize: of.batchSize }],
      sampling: 'shuffle',
      replicas: [
        {
          seed: deriveSeed(of.seed, 'order'),
          dataSeed: deriveSeed(of.seed, 'data'),
          settings: { momentum: 0.9, dampening: 0, weightDecay: 1e-3, nesterov: false },
          rates: armRates(arm, of.budget, of.rates),
          weights: new Map([...initial].map(([name, { data }]) => [name, data])),
        },
      ],
    });
    for await (const _ of run.steps(until));
    return run.theta.read(0);
  };
  expect(await straight('sgd 1.5', 36)).toEqual(last.get('sgd 1.5'));
  expect(await straight('constant', 36)).toEqual(last.get('constant 1.5'));
  expect(await straight('constant', 30)).toEqual(last.get('constant 1.25'));

  // Captures after steps 20, 22, … behind a trunk of 18.
  const ofArm = captures.get('constant')!;
  expect(ofArm).toHaveLength(9);
  expect(ofArm[2]).toEqual(last.get('constant 1'));
  for (const [budget, count] of [
    [1, 3],
    [1.25, 6],
    [1.5, 9],
  ] as const) {
    const mean = meanOf(ofArm.slice(0, count));
    const found = averaged.get(`constant ${budget}`)!;
    // A running mean in float32 of numbers of about 1.
    const off = Math.max(...mean.map((value, i) => Math.abs(value - found[i]!)));
    expect(off).toBeLessThan(count * 2 ** -22);
  }
  expect(captureGeometry(ofArm).distances).toHaveLength(9);

  // Values of weights do not depend on those beside them, and outputs say the same as accuracies.
  const test = images(2);
  const solutions = await Solutions.open(gpu, { model: of.model, train: of.train, test, batchSize: 12 });
  const all = await solutions.evaluate([...ofArm, last.get('sgd 1')!]);
  const [alone] = await solutions.evaluate([ofArm[8]!]);
  expect(alone).toEqual(all[8]);
  const [logits] = await solutions.outputs([ofArm[8]!]);
  const right = Array.from({ length: EXAMPLES }, (_, n) => {
    const row = logits!.subarray(3 * n, 3 * n + 3);
    return row.indexOf(Math.max(...row)) === n % 3;
  }).filter((is) => is).length;
  expect(alone!.testAccuracy).toBeCloseTo(right / EXAMPLES, 6);
  solutions.dispose();
});
