import matmulTiled from '../../../shaders/matmul/matmulTiled.wgsl';
import matmulTiledVec4 from '../../../shaders/matmul/matmulTiled.wgsl?vec4';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import {
  batchParams,
  epilogueKnobs,
  type MatmulCandidate,
  type MatmulShape,
  partLength,
  productCount,
} from './productShape.ts';

/** A workgroup's tile and who computes it. */
export interface Tile {
  /** Rows and columns of the workgroup's tile. */
  readonly rows: number;
  readonly columns: number;
  readonly knobs: {
    readonly THREADS: number;
    readonly SLICES: number;
    readonly ACROSS: number;
    readonly FOURS_M: number;
    readonly FOURS_N: number;
    readonly TILE_K: number;
    readonly STEPS: number;
    readonly BLOCKS: number;
  };
}

/**
 * @param outputs fours of rows and of columns an invocation
 * @param across invocations of a slice along columns
 */
function tile(
  THREADS: number,
  ACROSS: number,
  [FOURS_M, FOURS_N]: readonly [number, number],
  TILE_K: number,
  SLICES = 1,
): Tile {
  const rows = (THREADS / SLICES / ACROSS) * 4 * FOURS_M;
  const columns = ACROSS * 4 * FOURS_N;
  const BLOCKS = Math.ceil((TILE_K * (rows + columns)) / 16 / THREADS);
  const STEPS = TILE_K / SLICES;
  const knobs = { THREADS, SLICES, ACROSS, FOURS_M, FOURS_N, TILE_K, STEPS, BLOCKS };
  return { rows, columns, knobs };
}

/**
 * The largest first. Those of 8 × 8 outputs an invocation (64 accumulators, two vec4 read for each eight multiplied) are
 * what CUDA ladders and WebGPU engines settle on; 8 × 4 and 4 × 4 spare registers where a GPU has few, or make more
 * workgroups of little work; slices of k give a small tile's workgroup the invocations to hide latencies. Workgroup memory is
 * TILE_K·(rows + columns)·4 bytes, at most the 16,384 that every device has.
 */
const TILES = {
  '128×128×16': tile(256, 16, [2, 2], 16),
  '128×64×16': tile(128, 8, [2, 2], 16),
  '64×64×16': tile(64, 8, [2, 2], 16),
  '64×64×16 by 8×4': tile(128, 16, [2, 1], 16),
  '64×32×16': tile(64, 8, [2, 1], 16),
  '32×32×16': tile(64, 8, [1, 1], 16),
  '32×32×64 in 4': tile(256, 8, [1, 1], 64, 4),
  '32×16×64 in 8': tile(256, 4, [1, 1], 64, 8),
  '16×16×64 in 16': tile(256, 4, [1, 1], 64, 16),
} as const satisfies Record<string, Tile>;

export type TileName = keyof typeof TILES;

/** The tile that a variant is named after. */
export function tileOf(variant: string): TileName {
  return variant.replace('tiled ', '') as TileName;
}

/** Fewer k than this are not worth staging. */
const SHORT = 32;

/**
 * The largest tile with work for so many workgroups is taken, the last for less; where k is split the second list counts. By
 * what an H200 took in one run of each (2026-11-27): 1024³ 74 µs in 64 × 64 by 8 × 4 and 112 in 128 × 64; 512³ 15.4 in
 * slices of 32 × 32 and 19.8 without; 256³ 6.1 in slices of 32 × 16 and 6.8 of 32 × 32; of 64 × 784 × 128 in eight parts
 * 5.8 in 32 × 32 and 11.7 in 64 × 32.
 */
const ENOUGH: readonly (readonly [TileName, number])[] = [
  ['128×128×16', 256],
  ['64×64×16 by 8×4', 128],
  ['32×32×64 in 4', 128],
  ['32×16×64 in 8', 64],
  ['16×16×64 in 16', 0],
];
const ENOUGH_PARTS: readonly (readonly [TileName, number])[] = [
  ['64×64×16 by 8×4', 256],
  ['32×32×16', 0],
];

/**
 * Workgroup-tiled variants of a product on a GPU, the preferred one first: the tiles that it fills by more than half, each
 * way; of parts of k those without slices. Published sweeps (llama.cpp#22241) find no size that suits every GPU, so a tuner
 * measures the others.
 */
export function tiledCandidates(shape: MatmulShape): readonly MatmulCandidate[] {
  const preferred = preferredTile(shape);
  const fits = (name: TileName): boolean => {
    const { rows, columns, knobs } = TILES[name];
    if (shape.parts !== undefined && knobs.SLICES > 1) return false;
    return rows < 2 * wholeSixteens(shape.m) && columns < 2 * wholeSixteens(shape.n);
  };
  const others = (Object.keys(TILES) as TileName[]).filter((name) => name !== preferred && fits(name));
  return [preferred, ...others].map((name) => tiled(shape, name));
}

function wholeSixteens(extent: number): number {
  return 16 * Math.ceil(extent / 16);
}

/** Whether a product has the work for workgroup tiles: others are for register tiles. */
export function suitsTiles({ m, n, k }: MatmulShape): boolean {
  return k >= SHORT && Math.min(m, n) >= 4;
}

function preferredTile(shape: MatmulShape): TileName {
  const enough = shape.parts === undefined ? ENOUGH : ENOUGH_PARTS;
  return enough.find(([name, groups]) => groupsOf(shape, TILES[name]) >= groups)![0];
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
      WHOLE: isWhole(shape, TILES[name].knobs.TILE_K),
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

/** Whether every part of k that a workgroup takes is whole tiles. */
function isWhole({ k, k2 = 0, parts }: MatmulShape, tileK: number): boolean {
  return [k, k2, parts === undefined ? 0 : partLength(k, parts)].every((length) => length % tileK === 0);
}

/** Whether every row of every operand starts at a vec4. */
function inFours({ form, m, n, k, k2 = 0, batch }: MatmulShape): boolean {
  const strides = batch ? [...batch.a, ...batch.b] : [];
  const contiguous = form === 'TN' ? [n, m] : [n, k, k2];
  return [...contiguous, ...strides].every((extent) => extent % 4 === 0) && (m * n) % 4 === 0;
}
