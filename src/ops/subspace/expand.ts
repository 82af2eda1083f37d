import kernel from '../../../shaders/subspace/expand.wgsl';
import { size, type Tensor } from '../graph.ts';
import { apply, defineOp, expectShape } from '../op.ts';
import { linearGrid } from '../plans/linearGrid.ts';
import { project } from './project.ts';
import { type RandomSubspace, requireSubspace, statesOf } from './subspace.ts';

const expandOp = defineOp({
  name: 'subspaceExpand',
  reads: ({ subspace }) => statesOf(subspace),
  vjp: ({ attributes: { subspace } }, [d]) => [d ? project(d, subspace) : null],
  jvp: ({ attributes: { subspace } }, [dz]) => [dz ? expand(dz, subspace) : null],
  lower: ({ inputs: [z], outputs: [y], attributes }, to) => {
    const { columns, purpose, seeds, mask }: RandomSubspace = attributes.subspace;
    const elements = size(y!.shape);
    to.dispatch(
      { source: kernel, params: { elements, columns, purpose }, grid: linearGrid(elements) },
      { z: z!, seeds, mask, y: y! },
    );
  },
});

/**
 * A z: what the coordinates z [columns] of a random subspace are in full space, flat [P].
 * @throws if z has not a number for each column
 */
export function expand(z: Tensor, subspace: RandomSubspace): Tensor {
  requireSubspace('expand', subspace);
  expectShape('expand', 'the coordinates', z.shape, [subspace.columns]);
  return apply(expandOp, [z], { subspace }, { shape: subspace.mask.shape });
}
