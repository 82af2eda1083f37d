import type { Gpu } from '../gpu/device.ts';
import { parseModel } from '../nn/modelSpec.ts';
import { TrainingRun } from '../train/trainingRun.ts';
import { perceptron } from './basinPerceptron.ts';
import { LONGEST, PLAIN_SGD } from './basinStep.ts';
import type { BenchJob } from './benchAdapter.ts';
import { type MlpTask, STEPS } from './benchCase.ts';

/** The step as `basin train` runs it: examples are drawn on the device and gathered from bytes. */
export async function basinTrainingStep(gpu: Gpu, task: MlpTask): Promise<BenchJob> {
  const { batch, inputs, hidden, classes, bytes, labels, rate } = task;
  const run = await TrainingRun.open(gpu, {
    model: parseModel('bench', {
      layers: [
        { type: 'Linear', in_features: inputs, out_features: hidden },
        { type: 'ReLU' },
        { type: 'Linear', in_features: hidden, out_features: classes },
      ],
      loss: 'cross_entropy',
    }),
    // An epoch is one batch: drawn anew each time, it holds the same examples in another order.
    dataset: {
      name: 'bench',
      x: bytes,
      exampleShape: [inputs],
      targets: { kind: 'classes', labels, classes },
      examples: batch,
    },
    steps: LONGEST,
    batches: [{ fromStep: 0, batchSize: batch }],
    sampling: 'shuffle',
    replicas: [
      {
        seed: 1,
        settings: PLAIN_SGD,
        rates: new Float32Array(LONGEST).fill(rate),
        weights: perceptron(task).values,
      },
    ],
    recordEvery: STEPS,
  });
  let loss = Number.NaN;
  return {
    async run(steps) {
      for await (const readings of run.steps(run.submitted + steps)) loss = readings.at(-1)?.loss ?? loss;
    },
    read: async () => Float32Array.of(loss),
    profile: () => run.profile(),
    dispose: () => run.dispose(),
  };
}
