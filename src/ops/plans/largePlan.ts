import matmulLargeNN from '../../../shaders/matmul/matmulLarge.wgsl?vec4&NN';
import matmulLargeNT from '../../../shaders/matmul/matmulLarge.wgsl?vec4&NT';
import matmulLargeTN from '../../../shaders/matmul/matmulLarge.wgsl?vec4&TN';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import { epilogueKnobs, type MatmulCandidate, type MatmulForm, type MatmulShape } from './productShape.ts';

const SOURCE: Record<MatmulForm, KernelSource> = {
  NN: matmulLargeNN,
  NT: matmulLargeNT,
  TN: matmulLargeTN,
};
const EDGE = 128;
/** k that are staged at once, the preferred number first. */
const STAGED = [16, 8] as const;
/** Tiles that keep a large GPU busy: about as many as an H200 has cores, 132. */
const BUSY_TILES = 128;

/**
 * Variants for a single product in fours of at least a whole tile; they come first among a GPU's where `isLarge`. None where column
 * sums or a second product are fused into it.
 */
export function largeCandidates(shape: MatmulShape): readonly MatmulCandidate[] {
  const { m, n, k, columnSum = false, k2, batch, parts } = shape;
  const single = !columnSum && k2 === undefined && !batch && parts === undefined;
  if (!single || Math.min(m, n) < EDGE || [m, n, k].some((extent) => extent % 4 !== 0)) return [];
  return STAGED.map((TILE_K) => ({
    name: `large ${EDGE}×${EDGE}×${TILE_K}`,
    call: {
      source: SOURCE[shape.form],
      knobs: { TILE_K, FETCHES: TILE_K / 8, WHOLE: k % TILE_K === 0, ...epilogueKnobs(shape) },
      params: { m, n, k },
      grid: [tiles(shape), 1],
    },
  }));
}

/** Whether a product has tiles enough to keep a large GPU busy. */
export function isLarge(shape: MatmulShape): boolean {
  return tiles(shape) >= BUSY_TILES;
}

function tiles({ m, n }: MatmulShape): number {
  return Math.ceil(m / EDGE) * Math.ceil(n / EDGE);
}
