import { jvp } from '../autograd/jvp.ts';
import { grad } from '../autograd/vjp.ts';
import type { Gpu } from '../gpu/device.ts';
import { pack, unpack } from '../ops/flat.ts';
import { mean } from '../ops/sum.ts';
import { type BasinNetwork, pointInputs } from './basinNetwork.ts';
import { basinProgram } from './basinProgram.ts';
import type { StepTask } from './basinStep.ts';
import type { BenchJob } from './benchAdapter.ts';

/**
 * The Hessian of the mean loss times a direction, forward over reverse.
 * @param direction flat, as the network's parameters
 * @param inOrder from a flat vector of the engine to what is compared
 */
export function basinHessianProduct(
  gpu: Gpu,
  task: Omit<StepTask, 'rate'>,
  network: BasinNetwork,
  direction: Float32Array,
  inOrder: (flat: Float32Array) => Float32Array,
): Promise<BenchJob> {
  const { layout, losses: lossesOf } = network;
  return basinProgram(
    gpu,
    'Hessian product',
    { ...pointInputs(task, network), v: { shape: [layout.length], values: direction } },
    ({ x, labels, theta, v }) => {
      const parameters = unpack(theta!, layout);
      const gradient = pack(layout, grad(mean(lossesOf(parameters, x!, labels!)), parameters));
      return [jvp([gradient], [[theta!, v!]])[0]!];
    },
    ([product]) => inOrder(product!),
  );
}
