import type { State } from '../gpu/state.ts';
import type { Graph, Tensor } from './graph.ts';
import { apply, type Op } from './op.ts';
import { planIndices, type SamplingMode } from './plans/indicesPlan.ts';

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
  lower: ({ outputs: [indices], attributes }, to) => {
    const { mode, examples, counters, seeds, order }: Sampling = attributes.sampling;
    to.dispatch(planIndices(mode, examples, indices!.shape[0]!), {
      counters,
      indices: indices!,
      ...(seeds ? { seeds } : {}),
      ...(order ? { order } : {}),
    });
  },
};

/** The examples of the next batch: [B] u32, each replica its own where its counters or seed are its own. */
export function sampleIndices(graph: Graph, sampling: Sampling, batchSize: number): Tensor {
  const { counters, seeds, order } = sampling;
  const replicated = [counters, seeds, order].some((state) => state?.replicated);
  return apply(indicesOp, [], { graph, sampling }, { shape: [batchSize], dtype: 'u32', replicated });
}
