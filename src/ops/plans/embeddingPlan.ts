import type { KernelTarget } from '../op.ts';
import { BUSY } from './linearGrid.ts';

/** Columns of a table that an invocation takes on: a CPU is served by reading the indices less often. */
export function embeddingTile({ kind }: Pick<KernelTarget, 'kind'>): number {
  return kind === 'cpu' ? 16 : 4;
}

/** Rows of a block are no fewer, so that there are not more blocks to add up than rows. */
const FEWEST_ROWS = 32;

/**
 * Consecutive rows that are added up at once. A small table has few invocations: its rows are taken in blocks, whose sums are
 * added up afterwards.
 */
export function embeddingBlock(
  shape: { readonly rows: number; readonly entries: number; readonly width: number },
  target: Pick<KernelTarget, 'kind'>,
): number {
  const { rows, entries, width } = shape;
  const invocations = entries * Math.ceil(width / embeddingTile(target));
  const wanted = Math.ceil((target.kind === 'cpu' ? BUSY / 64 : BUSY) / invocations);
  return Math.min(rows, Math.max(FEWEST_ROWS, Math.ceil(rows / wanted)));
}
