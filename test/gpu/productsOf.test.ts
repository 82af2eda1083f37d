import { expect, test } from 'vitest';
import { arithmetic } from '../../src/bench/curvature/arithmetic.ts';
import { CURVATURE_MODELS } from '../../src/bench/curvature/curvatureModels.ts';
import { productsOf } from '../../src/bench/instruments/productsOf.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { TrainingRun } from '../../src/train/trainingRun.ts';
import { testGpu } from './device.ts';

test("the multiply-adds that a step's kernels are given are those of its layers", async () => {
  const data = syntheticDataset('gaussian-clusters?examples=40&classes=10&dims=784&seed=3');
  for (const { model, inputShape } of CURVATURE_MODELS) {
    using run = await TrainingRun.open(await testGpu(), {
      model,
      dataset: { ...data, exampleShape: [...inputShape] },
      steps: 1,
      batches: [{ fromStep: 0, batchSize: 20 }],
      sampling: 'shuffle',
      replicas: [
        {
          seed: 1,
          settings: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
          rates: new Float32Array(1),
          weights: new Map([...initialStateDict(model, 1)].map(([key, tensor]) => [key, tensor.data])),
        },
      ],
    });
    expect(productsOf(run.programs[0]!)).toBe(20 * arithmetic(model, inputShape).gradient);
  }
});
