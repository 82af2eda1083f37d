import type { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import { orLost } from '../../gpu/orLost.ts';
import { Scope } from '../../gpu/scope.ts';
import type { State } from '../../gpu/state.ts';
import { initialStatistics } from '../../nn/batchNorm.ts';
import { forward } from '../../nn/forward.ts';
import type { ModelSpec } from '../../nn/modelSpec.ts';
import { type FlatLayout, unpack } from '../../ops/flat.ts';
import { read } from '../../ops/leaf.ts';
import { type Examples, gather } from '../../ops/state/gather.ts';
import { sampleIndices } from '../../ops/state/sampling.ts';
import { passBatches } from './passBatches.ts';
import { statisticsPass } from './statisticsPass.ts';

/**
 * Running statistics of weights that no step has trained with, from one pass over the data (`statisticsPass`). All replicas at once.
 * @param theta the weights, flat [P]
 * @param buffers what is recomputed, flat by bufferLayout
 * @param seeds of each replica, by which the order of its examples is drawn; left out for file order
 * @throws DeviceLostError
 */
export async function recomputeStatistics(
  gpu: Gpu,
  {
    model,
    layout,
    theta,
    buffers,
    examples,
    seeds,
    batchSize,
    arena,
  }: {
    readonly model: ModelSpec;
    readonly layout: FlatLayout;
    readonly theta: State;
    readonly buffers: State;
    readonly examples: Examples;
    readonly seeds?: State | undefined;
    readonly batchSize: number;
    readonly arena: Arena;
  },
): Promise<void> {
  const fresh = initialStatistics(model);
  for (let replica = 0; replica < buffers.replicas; replica++) buffers.write(fresh, { replica });
  const total = examples.examples;
  await Scope.within(async (scope) => {
    const programs = await statisticsPass(gpu, scope, {
      sizes: passBatches(total, batchSize),
      examples: total,
      replicas: theta.replicas,
      arena,
      label: 'batch statistics',
      forward(graph, size, counters) {
        const order = seeds ? ({ mode: 'shuffle', seeds } as const) : ({ mode: 'sequential' } as const);
        const sampler = { ...order, examples: total, counters };
        const [x] = gather(examples, sampleIndices(graph, sampler, size));
        forward(model, unpack(read(graph, theta), layout), x, { mode: 'train', buffers, cumulative: true });
      },
    });
    for (const program of programs) program.run();
    await orLost(gpu, gpu.device.queue.onSubmittedWorkDone());
  });
}
