import type { State } from '../gpu/state.ts';
import type { Graph, Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { store } from '../ops/state/store.ts';
import type { Gathered, Gathering, MemorySpec } from './tracedBatch.ts';

/**
 * The gathering of a measurement of one batch, as of a training step: all is there at once, and in the same trace.
 * @param memory what a quantity keeps from step to step
 */
export function oneBatch(
  graph: Graph,
  units: number,
  memory: (name: string, spec: MemorySpec) => State,
): Gathering {
  const whole = (tensor: Tensor): Gathered => ({ in: () => tensor });
  const centred = (mean: Tensor, centredSquares: Tensor) => ({
    mean: whole(mean),
    centredSquares: whole(centredSquares),
  });
  return {
    units,
    once: true,
    sum: (_, term) => whole(term),
    rows: (_, values) => whole(values),
    moments: (_, mean, centredSquares) => centred(mean, centredSquares),
    rowsOf: (all) => ('in' in all ? all.in(graph) : read(graph, all)),
    sumInto: store,
    putRows: store,
    memory,
  };
}
