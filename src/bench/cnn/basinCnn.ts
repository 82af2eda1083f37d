import type { Gpu } from '../../gpu/device.ts';
import { flatValues } from '../../nn/flatValues.ts';
import { forward, parameterLayout } from '../../nn/forward.ts';
import { parseModel } from '../../nn/modelSpec.ts';
import { softmaxCrossEntropy } from '../../ops/softmaxCrossEntropy.ts';
import { basinHessianProduct } from '../basinHessianProduct.ts';
import type { BasinNetwork } from '../basinNetwork.ts';
import { basinSecondMoments } from '../basinSecondMoments.ts';
import { basinStep } from '../basinStep.ts';
import type { BenchJob } from '../benchAdapter.ts';
import { type CnnTask, cnnLayers } from './cnnTask.ts';

/** The task's network as the engine keeps it. */
export function cnn({ batchNorm, parameters }: Pick<CnnTask, 'batchNorm' | 'parameters'>): BasinNetwork {
  const model = parseModel('bench', { layers: cnnLayers(batchNorm), loss: 'cross_entropy' });
  const layout = parameterLayout(model);
  const values = new Map(parameters.map((parameter) => [parameter.name, parameter.values]));
  return {
    layout,
    values,
    theta: flatValues(layout, values),
    exampleShape: [1, 28, 28],
    losses: (wanted, x, labels) => softmaxCrossEntropy(forward(model, wanted, x, { mode: 'train' }), labels),
  };
}

/** A flat vector of the engine in the task's order, without padding. */
function inTaskOrder({ layout }: BasinNetwork, flat: Float32Array): Float32Array {
  return Float32Array.from(
    layout.entries.flatMap(({ offset, elements }) => [...flat.subarray(offset, offset + elements)]),
  );
}

export function cnnStep(gpu: Gpu, task: CnnTask, statistics: boolean): Promise<BenchJob> {
  return basinStep(gpu, task, cnn(task), statistics);
}

export function cnnSecondMoments(gpu: Gpu, task: CnnTask): Promise<BenchJob> {
  const network = cnn(task);
  return basinSecondMoments(gpu, task, network, (flat) => inTaskOrder(network, flat));
}

export function cnnHessianProduct(gpu: Gpu, task: CnnTask): Promise<BenchJob> {
  const network = cnn(task);
  const directions = new Map(task.parameters.map(({ name, direction }) => [name, direction]));
  const direction = flatValues(network.layout, directions);
  return basinHessianProduct(gpu, task, network, direction, (flat) => inTaskOrder(network, flat));
}
