import kernel from '../../shaders/sequence/embeddingGradient.wgsl';
import { size, type Tensor } from './graph.ts';
import type { Lowering, Operand } from './op.ts';
import { embeddingTile } from './plans/embeddingPlan.ts';
import { linearGrid } from './plans/linearGrid.ts';

/** Dispatches the kernel that adds up the rows of d by their index, block by block: y [⌈rows / block⌉, entries, width]. */
export function lowerBlocks(
  to: Lowering,
  operands: { readonly d: Tensor; readonly index: Tensor; readonly y: Operand },
  { entries, width, block }: { readonly entries: number; readonly width: number; readonly block: number },
): void {
  const rows = size(operands.index.shape);
  const tile = embeddingTile(to.target);
  to.dispatch(
    {
      source: kernel,
      knobs: { TILE: tile },
      params: { rows, entries, width, block },
      grid: linearGrid(Math.ceil(rows / block) * entries * Math.ceil(width / tile)),
    },
    operands,
  );
}
