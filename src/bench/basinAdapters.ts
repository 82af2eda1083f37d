import basin, { cnnJobs, sharedDevice } from './basinAdapter.ts';
import { perceptron } from './basinPerceptron.ts';
import { basinStep } from './basinStep.ts';
import { basinTrainingStep } from './basinTrainingStep.ts';
import type { BenchAdapter } from './benchAdapter.ts';
import { STEPS } from './benchCase.ts';
import { CNN_STEPS, cnnLayers } from './cnn/cnnTask.ts';
import { basinSweep } from './sweep/basinSweep.ts';

/** Ours, by the keys that results are kept under. */
export const OWN: Readonly<
  Record<'basin' | 'basin-statistics' | 'basin-train' | 'basin-forward', BenchAdapter>
> = {
  basin: { ...basin, sweep: async (task) => basinSweep(await sharedDevice(), task) },
  'basin-statistics': {
    name: 'Basin, B_simple every step',
    init: basin.init,
    mlpStep: async (task) => basinStep(await sharedDevice(), task, perceptron(task), true),
    // With BatchNorm no example has a gradient of its own.
    cnnStep: async (task) =>
      task.batchNorm ? undefined : (await cnnJobs()).cnnStep(await sharedDevice(), task, true),
  },
  'basin-train': {
    name: 'Basin, as `train` runs it',
    init: basin.init,
    mlpStep: async (task) => {
      const { inputs, hidden, classes } = task;
      const layers = [
        { type: 'Linear', in_features: inputs, out_features: hidden },
        { type: 'ReLU' },
        { type: 'Linear', in_features: hidden, out_features: classes },
      ];
      return basinTrainingStep(await sharedDevice(), task, layers, perceptron(task), STEPS);
    },
    cnnStep: async (task) =>
      basinTrainingStep(
        await sharedDevice(),
        task,
        cnnLayers(task.batchNorm),
        (await cnnJobs()).cnn(task),
        CNN_STEPS,
      ),
  },
  'basin-forward': {
    name: 'Basin, forward passes of B = 64',
    init: basin.init,
    cnnEvaluation: async (task) =>
      (await import('./cnn/basinEvaluation.ts')).cnnForwardPasses(await sharedDevice(), task),
  },
};
