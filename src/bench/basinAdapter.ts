import { type Gpu, openDevice } from '../gpu/device.ts';
import { matmul } from '../ops/matmul.ts';
import { sum } from '../ops/sum.ts';
import { basinHessianProduct } from './basinHessianProduct.ts';
import { perceptron, taskOrder } from './basinPerceptron.ts';
import { basinProgram } from './basinProgram.ts';
import { basinSecondMoments } from './basinSecondMoments.ts';
import { basinStep } from './basinStep.ts';
import type { BenchAdapter } from './benchAdapter.ts';

let shared: Promise<Gpu> | undefined;

/** One device for all of ours. */
export function sharedDevice(): Promise<Gpu> {
  shared ??= openDevice();
  return shared;
}

/** Loaded when it is wanted: who trains a perceptron needs no convolutions. */
export const cnnJobs = () => import('./cnn/basinCnn.ts');

/** Ours, as a page that uses it this way would load it: this file is bundled on its own for the cold start. */
const basin: BenchAdapter = {
  name: 'Basin',
  init: async () => {
    await sharedDevice();
  },
  info: async () => (await sharedDevice()).info,
  matmul: async ({ form, m, n, k, a, b }) =>
    basinProgram(
      await sharedDevice(),
      `matmul ${form}`,
      {
        a: { shape: form === 'TN' ? [k, m] : [m, k], values: a },
        b: { shape: form === 'NT' ? [n, k] : [k, n], values: b },
      },
      (t) => [matmul(form, t.a!, t.b!)],
    ),
  sum: async ({ x }) =>
    basinProgram(await sharedDevice(), 'sum', { x: { shape: [x.length], values: x } }, (t) => [sum(t.x!)]),
  mlpStep: async (task) => basinStep(await sharedDevice(), task, perceptron(task), false),
  secondMoments: async (task) => {
    const network = perceptron(task);
    return basinSecondMoments(await sharedDevice(), task, network, (flat) => taskOrder(task, network, flat));
  },
  hvp: async (task) => {
    const network = perceptron(task);
    const { theta: direction } = perceptron(task, task.v);
    return basinHessianProduct(await sharedDevice(), task, network, direction, (flat) =>
      taskOrder(task, network, flat),
    );
  },
  cnnStep: async (task) => (await cnnJobs()).cnnStep(await sharedDevice(), task, false),
  cnnSecondMoments: async (task) => (await cnnJobs()).cnnSecondMoments(await sharedDevice(), task),
  cnnEvaluation: async (task) =>
    (await import('./cnn/basinEvaluation.ts')).cnnEvaluation(await sharedDevice(), task),
  cnnHvp: async (task) => (await cnnJobs()).cnnHessianProduct(await sharedDevice(), task),
};

export default basin;
