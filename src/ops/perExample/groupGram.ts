import kernel from '../../../shaders/perExample/groupGram.wgsl';
import { showShape } from '../../host/showShape.ts';
import type { Tensor } from '../graph.ts';
import { apply, type Op } from '../op.ts';
import { linearGrid } from '../plans/linearGrid.ts';

const groupGramOp: Op = {
  name: 'groupGram',
  lower: ({ inputs: [x], outputs: [gram] }, to) => {
    const [groups, size] = gram!.shape as [number, number, number];
    to.dispatch(
      {
        source: kernel,
        params: { groups, size, features: x!.shape[1]! },
        grid: linearGrid(groups * size * size),
      },
      { x: x!, gram: gram! },
    );
  },
};

/**
 * Inner products of the rows within each group of `size` consecutive ones: x [B, K] → [B/size, size, size].
 * @throws if the groups do not divide the rows.
 */
export function groupGram(x: Tensor, size: number): Tensor {
  if (x.shape.length !== 2) throw new Error(`groupGram: x has shape ${showShape(x.shape)}, expected [B, K]`);
  const groups = x.shape[0]! / size;
  if (!Number.isInteger(groups))
    throw new Error(`groupGram: ${showShape(x.shape)} has no whole groups of ${size} rows`);
  return apply(groupGramOp, [x], {}, { shape: [groups, size, size] });
}
