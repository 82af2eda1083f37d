import kernel from '../../../shaders/subspace/project.wgsl';
import { size, type Tensor } from '../graph.ts';
import { apply, defineOp, expectShape } from '../op.ts';
import { BUSY, linearGrid } from '../plans/linearGrid.ts';
import { lowerSum } from '../sum.ts';
import { expand } from './expand.ts';
import { type RandomSubspace, requireSubspace, statesOf } from './subspace.ts';

/** Rows of A that one thread takes: the longest serial sum, and the fewest that are worth a thread. */
const LONGEST_CHUNK = 512;
const SHORTEST_CHUNK = 32;

const projectOp = defineOp({
  name: 'subspaceProject',
  reads: ({ subspace }) => statesOf(subspace),
  vjp: ({ attributes: { subspace } }, [d]) => [d ? expand(d, subspace) : null],
  jvp: ({ attributes: { subspace } }, [dx]) => [dx ? project(dx, subspace) : null],
  lower: ({ inputs: [x], outputs: [y], attributes }, to) => {
    const { columns, purpose, seeds, mask }: RandomSubspace = attributes.subspace;
    const elements = size(x!.shape);
    const wanted = Math.max(SHORTEST_CHUNK, Math.ceil((elements * columns) / BUSY));
    const chunk = Math.min(elements, LONGEST_CHUNK, wanted);
    const chunks = Math.ceil(elements / chunk);
    const made = chunks === 1 ? y! : to.scratch([columns, chunks], y!.replicated);
    to.dispatch(
      {
        source: kernel,
        params: { elements, columns, purpose, chunk, chunks },
        grid: linearGrid(columns * chunks),
      },
      { x: x!, seeds, mask, y: made },
    );
    if (made !== y) lowerSum(to, { outer: columns, reduced: chunks, inner: 1 }, made, null, y!);
  },
});

/**
 * Aᵀx of a random subspace's A: flat [P] → [columns]. The transpose of `expand`: of a gradient in full space that in the subspace's
 * coordinates.
 * @throws if x is not of the shape of the subspace's mask
 */
export function project(x: Tensor, subspace: RandomSubspace): Tensor {
  requireSubspace('project', subspace);
  expectShape('project', 'the vector', x.shape, subspace.mask.shape);
  return apply(projectOp, [x], { subspace }, { shape: [subspace.columns] });
}
