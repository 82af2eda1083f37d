import type { Gpu } from '../gpu/device.ts';
import { initialStateDict } from '../nn/init.ts';
import { parseModel } from '../nn/modelSpec.ts';
import { TrainingRun } from '../train/trainingRun.ts';
import type { BasinNetwork } from './basinNetwork.ts';
import { LONGEST, PLAIN_SGD, type StepTask } from './basinStep.ts';
import type { BenchJob } from './benchAdapter.ts';

/**
 * The step as `basin train` runs it: examples are drawn on the device and gathered from bytes.
 * @param layers as a model file has them
 * @param sample steps between two readings of the loss: those of a sample
 */
export async function basinTrainingStep(
  gpu: Gpu,
  task: StepTask & { readonly bytes: Uint8Array; readonly classes: number },
  layers: readonly object[],
  { values, exampleShape }: Pick<BasinNetwork, 'values' | 'exampleShape'>,
  sample: number,
): Promise<BenchJob> {
  const { batch, classes, bytes, labels, rate } = task;
  const model = parseModel('bench', { layers, loss: 'cross_entropy' });
  // What is no parameter, BatchNorm's buffers, is as it is before a first step.
  const buffers = [...initialStateDict(model, 1)].map(([name, { data }]) => [name, data] as const);
  const run = await TrainingRun.open(gpu, {
    model,
    // An epoch is one batch: drawn anew each time, it holds the same examples in another order.
    dataset: {
      name: 'bench',
      x: bytes,
      exampleShape: [...exampleShape],
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
        weights: new Map([...buffers, ...values]),
      },
    ],
    recordEvery: sample,
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
