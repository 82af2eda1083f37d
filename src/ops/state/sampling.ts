import type { State } from '../../gpu/state.ts';
import { showShape } from '../../host/showShape.ts';
import type { Graph, Tensor } from '../graph.ts';
import { apply, expectCounters, expectState, type Op } from '../op.ts';
import { planIndices, type SamplingMode } from '../plans/indicesPlan.ts';

/** How the examples of a step are drawn. */
export interface Sampling {
  readonly mode: SamplingMode;
  /** N of the data set. */
  readonly examples: number;
  /** Step, epoch and offset: [3] u32. */
  readonly counters: State;
  /** [1] u32 for each replica. Not needed by `sequential` and `order`. */
  readonly seeds?: State;
  /** [steps, B] u32, for `order`. */
  readonly order?: State;
}

const indicesOp: Op = {
  name: 'sampleIndices',
  reads: ({ sampling: { counters, seeds, order } }) =>
    [counters, seeds, order].filter((state) => state !== undefined),
  lower: ({ outputs: [indices], attributes }, to) => {
    const { mode, examples, counters, seeds, order }: Sampling = attributes.sampling;
    to.dispatch(planIndices(mode, examples, indices!.shape[0]!, order?.elements, to.target.kind), {
      counters,
      indices: indices!,
      ...(seeds ? { seeds } : {}),
      ...(order ? { order } : {}),
    });
  },
};

/**
 * The examples of the next batch: [B] u32, each replica its own where its counters or seed are its own.
 * @throws if the mode's seeds or order are missing, or the order is not of batches of B
 */
export function sampleIndices(graph: Graph, sampling: Sampling, batchSize: number): Tensor {
  const { mode, examples, counters, seeds, order } = sampling;
  expectCounters('sampleIndices', counters);
  if (!(Number.isInteger(examples) && examples > 0)) {
    throw new Error(`sampleIndices: ${examples} examples, expected a positive integer`);
  }
  const needed = mode === 'order' ? order : mode === 'sequential' ? counters : seeds;
  if (!needed)
    throw new Error(`sampleIndices: ${mode} needs ${mode === 'order' ? 'an order' : 'seeds'}, found none`);
  if (seeds) expectState('sampleIndices', 'the seeds', seeds, { dtype: 'u32', shape: [1] });
  if (order && (order.dtype !== 'u32' || order.elements % batchSize !== 0)) {
    const found = `${order.dtype} ${showShape(order.shape)}`;
    throw new Error(
      `sampleIndices: the order, ${order.label}, is ${found}, expected u32 in batches of ${batchSize}`,
    );
  }
  return apply(indicesOp, [], { graph, sampling }, { shape: [batchSize], dtype: 'u32' });
}
