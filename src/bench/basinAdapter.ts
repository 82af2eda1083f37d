import { jvp } from '../autograd/jvp.ts';
import { perExample } from '../autograd/perExample.ts';
import { grad, vjp } from '../autograd/vjp.ts';
import { type Gpu, openDevice } from '../gpu/device.ts';
import { fill } from '../ops/fill.ts';
import { pack, unpack } from '../ops/flat.ts';
import { matmul } from '../ops/matmul.ts';
import { mean, sum } from '../ops/sum.ts';
import { perceptron, perceptronLosses, taskOrder } from './basinPerceptron.ts';
import { basinProgram } from './basinProgram.ts';
import { basinStep } from './basinStep.ts';
import type { BenchAdapter, BenchJob } from './benchAdapter.ts';
import type { MlpTask } from './benchCase.ts';

let shared: Promise<Gpu> | undefined;

/** One device for all of ours. */
export function sharedDevice(): Promise<Gpu> {
  shared ??= openDevice();
  return shared;
}

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
  mlpStep: async (task) => basinStep(await sharedDevice(), task, false),
  secondMoments: async (task) => secondMoments(await sharedDevice(), task),
  hvp: async (task) => hessianProduct(await sharedDevice(), task),
};

export default basin;

function inputsOf(task: MlpTask) {
  const { batch, inputs, x, labels } = task;
  const { layout, theta } = perceptron(task);
  return {
    x: { shape: [batch, inputs], values: x },
    labels: { shape: [batch], values: labels },
    theta: { shape: [layout.length], values: theta },
  };
}

/** The mean gradient, the centred squares and each example's norm, as `measure` has them; nothing of size B × P. */
function secondMoments(gpu: Gpu, task: MlpTask): Promise<BenchJob> {
  const { batch } = task;
  const model = perceptron(task);
  return basinProgram(
    gpu,
    'second moments',
    inputsOf(task),
    ({ x, labels, theta }, graph) => {
      const parameters = unpack(theta!, model.layout);
      const losses = perceptronLosses(parameters, x!, labels!);
      const cotangents = vjp([[losses, fill(graph, 1, [batch])]], parameters);
      const moments = perExample(cotangents, parameters).map((each) => each.moments());
      return [
        pack(
          model.layout,
          moments.map(({ gradient }) => gradient),
        ),
        pack(
          model.layout,
          moments.map(({ centredSquares }) => centredSquares),
        ),
        ...moments.map(({ normSq }) => normSq),
      ];
    },
    ([gradient, centred]) =>
      taskOrder(
        task,
        model,
        centred!.map((s, i) => s / batch + gradient![i]! ** 2),
      ),
  );
}

/** Forward over reverse. */
function hessianProduct(gpu: Gpu, task: MlpTask): Promise<BenchJob> {
  const model = perceptron(task);
  const { theta: direction } = perceptron(task, task.v);
  return basinProgram(
    gpu,
    'Hessian product',
    { ...inputsOf(task), v: { shape: [model.layout.length], values: direction } },
    ({ x, labels, theta, v }) => {
      const parameters = unpack(theta!, model.layout);
      const gradient = pack(model.layout, grad(mean(perceptronLosses(parameters, x!, labels!)), parameters));
      return [jvp([gradient], [[theta!, v!]])[0]!];
    },
    ([product]) => taskOrder(task, model, product!),
  );
}
