import { datasetFromArrays } from '../data/datasetFromArrays.ts';
import { linear, relu, sequential } from '../nn/layers.ts';
import { train } from '../train/train.ts';
import basin, { sharedDevice } from './basinAdapter.ts';
import { perceptron } from './basinPerceptron.ts';
import { LONGEST } from './basinStep.ts';
import type { BenchAdapter } from './benchAdapter.ts';

/** Ours, as a page that trains with `train` would load it: bundled on its own for the cold start. */
const basinTraining: BenchAdapter = {
  name: 'Basin, by `train`',
  init: basin.init,
  matmul: basin.matmul,
  mlpStep: async (task) => {
    const { inputs, hidden, classes, batch, rate, bytes, labels } = task;
    const run = await train(await sharedDevice(), {
      model: sequential(linear(inputs, hidden), relu(), linear(hidden, classes)),
      data: datasetFromArrays({ x: bytes, y: labels, exampleShape: [inputs] }),
      weights: Object.fromEntries(perceptron(task).values),
      batchSize: batch,
      steps: LONGEST,
      lr: rate,
    });
    let step = 0;
    let loss = Number.NaN;
    return {
      async run(steps) {
        step += steps;
        for await (const reading of run.readings(step)) loss = reading.loss;
      },
      read: async () => Float32Array.of(loss),
      dispose: () => run.dispose(),
    };
  },
};

export default basinTraining;
