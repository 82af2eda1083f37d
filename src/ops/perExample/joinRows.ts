import kernel from '../../../shaders/structure/joinRows.wgsl';
import { showShape } from '../../host/showShape.ts';
import { sameShape, size, type Tensor } from '../graph.ts';
import { apply, type Lowering, type Op } from '../op.ts';
import { linearGrid } from '../plans/linearGrid.ts';

const joinRowsOp: Op = {
  name: 'joinRows',
  lower: ({ inputs, outputs: [y], attributes: { groups, transposed } }, to) => {
    const width = size(inputs[0]!.shape.slice(1));
    const strides: [number, number] = transposed ? [1, size(y!.shape) / groups / width] : [width, 1];
    lowerJoin(to, inputs, y!, { groups, width, strides });
  },
};

/**
 * Dispatches the kernels that write the rows of each operand, of `width` numbers, into y: group by group, one operand after the other.
 * @param strides of a row and of its numbers within a group of y
 */
export function lowerJoin(
  to: Lowering,
  inputs: readonly Tensor[],
  y: Tensor,
  {
    groups,
    width,
    strides: [rowStride, columnStride],
  }: { readonly groups: number; readonly width: number; readonly strides: readonly [number, number] },
): void {
  const groupStride = size(y.shape) / groups;
  let start = 0;
  for (const x of inputs) {
    const elements = size(x.shape);
    const rows = elements / groups / width;
    to.dispatch(
      {
        source: kernel,
        params: { elements, rows, width, start, groupStride, rowStride, columnStride },
        grid: linearGrid(elements),
      },
      { x, y },
    );
    start += rows;
  }
}

/**
 * The rows of several tensors, group by group: the first group's of each operand, then the second's.
 * @param parts [groups·nᵢ, …], equal but for the nᵢ → [groups·Σnᵢ, …], or transposed [groups, …, Σnᵢ]
 * @throws if the shapes do not fit, or rows are no whole number of rows for each group
 */
export function joinRows(parts: readonly Tensor[], groups: number, { transposed = false } = {}): Tensor {
  const [, ...rest] = parts[0]!.shape;
  for (const { shape } of parts) {
    if (sameShape(shape.slice(1), rest) && shape[0]! % groups === 0) continue;
    throw new Error(
      `joinRows: rows of ${showShape(shape)}, expected some for each of ${groups} groups, of ${showShape(rest)}`,
    );
  }
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const shape = transposed ? [groups, ...rest, rows / groups] : [rows, ...rest];
  return apply(joinRowsOp, parts, { groups, transposed }, { shape });
}
