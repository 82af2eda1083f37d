import matmulTiled from '../../../shaders/matmul/matmulTiled.wgsl';
import matmulTiledVec4 from '../../../shaders/matmul/matmulTiled.wgsl?vec4';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import {
  batchParams,
  epilogueKnobs,
  type MatmulCandidate,
  type MatmulShape,
  productCount,
} from './productShape.ts';

/** A workgroup's tile and who computes it. */
export interface Tile {
  /** Rows and columns of the workgroup's tile. */
  readonly rows: number;
  readonly columns: number;
  readonly knobs: {
    readonly THREADS: number;
    readonly ACROSS: number;
    readonly FOURS_M: number;
    readonly FOURS_N: number;
    readonly TILE_K: number;
  };
}

const tile = (THREADS: number, ACROSS: number, FOURS_M: number, FOURS_N: number, TILE_K: number): Tile => ({
  rows: (THREADS / ACROSS) * 4 * FOURS_M,
  columns: ACROSS * 4 * FOURS_N,
  knobs: { THREADS, ACROSS, FOURS_M, FOURS_N, TILE_K },
});

/**
 * The largest first. Those of 8 × 8 outputs an invocation (64 accumulators, two vec4 read for each eight multiplied) are
 * what CUDA ladders and WebGPU engines settle on; 8 × 4 and 4 × 4 spare registers where a GPU has few. Workgroup
 * memory is TILE_K·(rows + columns + 8)·4 bytes: 8.4, 12.8, 8.7, 8.7, 6.7 and 4.6 kB of the 16 that every device has.
 */
const TILES = {
  '128×128×8': tile(256, 16, 2, 2, 8),
  '128×64×16': tile(128, 8, 2, 2, 16),
  '64×64×16': tile(64, 8, 2, 2, 16),
  '64×64×16 by 8×4': tile(128, 16, 2, 1, 16),
  '64×32×16': tile(64, 8, 2, 1, 16),
  '32×32×16': tile(64, 8, 1, 1, 16),
} as const satisfies Record<string, Tile>;

export type TileName = keyof typeof TILES;

/** The tile that a variant is named after. */
export function tileOf(variant: string): TileName {
  return variant.replace('tiled ', '') as TileName;
}

/** Workgroups that keep a large GPU's cores busy: two for each of some 130. Not measured on one. */
const BUSY_GROUPS = 256;
/** Fewer k than this are not worth staging. */
const SHORT = 32;

/**
 * Workgroup-tiled variants of a product on a GPU, the preferred one first; none where it has no work for them. The tile is
 * the largest of which there are enough; published sweeps (llama.cpp#22241) find no size that suits every GPU, so a
 * tuner measures the others.
 */
export function tiledCandidates(shape: MatmulShape): readonly MatmulCandidate[] {
  const preferred = preferredTile(shape);
  const names = Object.keys(TILES) as TileName[];
  return [preferred, ...names.filter((name) => name !== preferred)].map((name) => tiled(shape, name));
}

/** Whether a product has the work for workgroup tiles; small ones are for register tiles. */
export function suitsTiles(shape: MatmulShape): boolean {
  const { m, n, k } = shape;
  return k >= SHORT && Math.min(m, n) >= 16 && groupsOf(shape, TILES['32×32×16']) >= BUSY_GROUPS / 4;
}

function preferredTile(shape: MatmulShape): TileName {
  const enough: readonly [TileName, number][] = [
    ['128×128×8', BUSY_GROUPS],
    ['128×64×16', BUSY_GROUPS],
    ['64×64×16', BUSY_GROUPS / 2],
  ];
  return enough.find(([name, groups]) => groupsOf(shape, TILES[name]) >= groups)?.[0] ?? '32×32×16';
}

function groupsOf(shape: MatmulShape, { rows, columns }: Tile): number {
  return Math.ceil(shape.m / rows) * Math.ceil(shape.n / columns) * productCount(shape);
}

function tiled(shape: MatmulShape, name: TileName): MatmulCandidate {
  return {
    name: `tiled ${name}`,
    call: tiledCall(inFours(shape) ? matmulTiledVec4 : matmulTiled, shape, name),
  };
}

/** A product by one of the kernels of matmulTiled.wgsl. */
export function tiledCall(source: KernelSource, shape: MatmulShape, name: TileName): KernelCall {
  const { form, m, n, k, k2, columnSum = false } = shape;
  return {
    source,
    knobs: {
      ...TILES[name].knobs,
      TRANSPOSE_A: form === 'TN',
      TRANSPOSE_B: form === 'NT',
      PAIR: k2 !== undefined,
      ...epilogueKnobs(shape),
      COLUMN_SUM: columnSum,
    },
    params: { m, n, k, k2: k2 ?? 0, ...batchParams(shape), columnSumOffset: 0 },
    grid: [groupsOf(shape, TILES[name]), 1],
  };
}

/** Whether every row of every operand starts at a vec4. */
function inFours({ form, m, n, k, k2 = 0, batch }: MatmulShape): boolean {
  const strides = batch ? [...batch.a, ...batch.b] : [];
  const contiguous = form === 'TN' ? [n, m] : [n, k, k2];
  return [...contiguous, ...strides].every((extent) => extent % 4 === 0) && (m * n) % 4 === 0;
}
