import { perExample } from '../autograd/perExample.ts';
import { vjp } from '../autograd/vjp.ts';
import type { Gpu } from '../gpu/device.ts';
import { fill } from '../ops/fill.ts';
import { pack, unpack } from '../ops/flat.ts';
import { type BasinNetwork, pointInputs } from './basinNetwork.ts';
import { basinProgram } from './basinProgram.ts';
import type { StepTask } from './basinStep.ts';
import type { BenchJob } from './benchAdapter.ts';

/**
 * The mean gradient, the centred squares and each example's norm, as `measure` has them; nothing of size B × P.
 * @param inOrder from a flat vector of the engine to what is compared
 */
export function basinSecondMoments(
  gpu: Gpu,
  task: Omit<StepTask, 'rate'>,
  network: BasinNetwork,
  inOrder: (flat: Float32Array) => Float32Array,
): Promise<BenchJob> {
  const { batch } = task;
  const { layout, losses: lossesOf } = network;
  return basinProgram(
    gpu,
    'second moments',
    pointInputs(task, network),
    ({ x, labels, theta }, graph) => {
      const parameters = unpack(theta!, layout);
      const losses = lossesOf(parameters, x!, labels!);
      const cotangents = vjp([[losses, fill(graph, 1, [batch])]], parameters);
      const moments = perExample(cotangents, parameters).map((each) => each.moments());
      return [
        pack(
          layout,
          moments.map(({ gradient }) => gradient),
        ),
        pack(
          layout,
          moments.map(({ centredSquares }) => centredSquares),
        ),
        ...moments.map(({ normSq }) => normSq),
      ];
    },
    ([gradient, centred]) => inOrder(centred!.map((s, i) => s / batch + gradient![i]! ** 2)),
  );
}
