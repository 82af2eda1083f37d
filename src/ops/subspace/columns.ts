import kernel from '../../../shaders/subspace/columns.wgsl';
import type { State } from '../../gpu/state.ts';
import type { Graph, Tensor } from '../graph.ts';
import { apply, expectCounters, type Op } from '../op.ts';
import { linearGrid } from '../plans/linearGrid.ts';
import { type RandomSubspace, requireSubspace, statesOf } from './subspace.ts';

const columnsOp: Op = {
  name: 'subspaceColumns',
  reads: ({ subspace, counters }) => [...statesOf(subspace), counters],
  lower: ({ outputs: [y], attributes }, to) => {
    const { columns, purpose, seeds, mask }: RandomSubspace = attributes.subspace;
    const width = y!.shape[1]!;
    to.dispatch(
      {
        source: kernel,
        params: { elements: mask.elements, columns, width, purpose },
        grid: linearGrid(columns * width),
      },
      { seeds, counters: attributes.counters as State, mask, y: y! },
    );
  },
};

/**
 * Rows step·width and following of a random subspace's A, transposed: [columns, width], zeros past the last row. The step is the counters'.
 */
export function columnsBlock(graph: Graph, subspace: RandomSubspace, counters: State, width: number): Tensor {
  requireSubspace('columns', subspace);
  expectCounters('columns', counters);
  return apply(columnsOp, [], { graph, subspace, counters }, { shape: [subspace.columns, width] });
}
