import matmulBatched from '../../../shaders/matmul/matmulBatched.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import { BUSY } from './linearGrid.ts';
import {
  batchParams,
  epilogueKnobs,
  type MatmulCandidate,
  type MatmulShape,
  productCount,
} from './productShape.ts';

const THREADS = 64;
/** Rows and columns of an invocation's tile. */
const TILES = [1, 2, 4, 8] as const;

/** Register tiles of any form with batches, parts, a second product or an addend; the preferred tile first. */
export function batchedCandidates(shape: MatmulShape, kind: 'cpu' | 'gpu'): readonly MatmulCandidate[] {
  const preferred = preferredTile(shape, kind);
  return [preferred, ...TILES.filter((tile) => tile !== preferred)].map((tile) => batched(shape, tile));
}

function count(shape: MatmulShape, tile: number): number {
  return Math.ceil(shape.m / tile) * Math.ceil(shape.n / tile) * productCount(shape);
}

/** Large tiles read less, small ones give more work at once. */
function preferredTile(shape: MatmulShape, kind: 'cpu' | 'gpu'): number {
  if (kind === 'cpu') return Math.min(shape.m, shape.n) >= 8 && shape.m * shape.n >= 2048 ? 8 : 4;
  return [4, 2].find((tile) => count(shape, tile) >= BUSY) ?? 1;
}

function batched(shape: MatmulShape, tile: number): MatmulCandidate {
  return {
    name: `batched tiles ${tile}×${tile}`,
    call: batchedCall(matmulBatched, shape, tile, (length) => length),
  };
}

/**
 * A product by one of the kernels of matmulBatched.wgsl.
 * @param line elements from one row of an operand to the next, of so many columns
 */
export function batchedCall(
  source: KernelSource,
  shape: MatmulShape,
  tile: number,
  line: (columns: number) => number,
): KernelCall {
  const { form, m, n, k, k2, columnSum = false } = shape;
  const strides = (length: number, second: '' | '2'): Record<string, number> => ({
    [`a${second}Row`]: form === 'TN' ? 1 : line(length),
    [`a${second}Step`]: form === 'TN' ? line(m) : 1,
    [`b${second}Column`]: form === 'NT' ? line(length) : 1,
    [`b${second}Step`]: form === 'NT' ? 1 : line(n),
  });
  return {
    source,
    knobs: {
      TILE_M: tile,
      TILE_N: tile,
      PAIR: k2 !== undefined,
      ...epilogueKnobs(shape),
      COLUMN_SUM: columnSum,
    },
    params: {
      ...{ m, n, k, k2: k2 ?? 0, columnSumOffset: 0 },
      ...strides(k, ''),
      ...strides(k2 ?? 0, '2'),
      ...batchParams(shape),
    },
    grid: [Math.ceil(count(shape, tile) / THREADS), 1],
  };
}
