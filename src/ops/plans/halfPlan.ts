import matmulHalf from '../../../shaders/matmul/matmulBatched.wgsl?half';
import matmulTiledHalf from '../../../shaders/matmul/matmulTiled.wgsl?half';
import matmulTiledF16 from '../../../shaders/matmul/matmulTiled.wgsl?half&f16';
import { bucketOf, choose, type KernelDemand, shapeKey } from '../../gpu/kernelChoice.ts';
import type { KernelTarget } from '../op.ts';
import { batchedCall } from './batchedPlan.ts';
import { BUSY } from './linearGrid.ts';
import type { MatmulCandidate, MatmulShape } from './productShape.ts';
import { suitsTiles, tiledCall, tiledCandidates, tileOf } from './tiledPlan.ts';

/** What a product of float16 operands is recorded and looked up under. */
export function halfDemand(shape: MatmulShape): KernelDemand {
  const { form, m, n, k } = shape;
  return {
    family: 'matmulHalf',
    shape,
    key: shapeKey({ form, m, n, k }),
    bucket: `${form} ${bucketOf({ m, n, k })}`,
  };
}

export function planHalf(shape: MatmulShape, target: KernelTarget): MatmulCandidate {
  return choose(halfCandidates(shape, target), halfDemand(shape), target.choices);
}

/**
 * Variants of a product of float16 operands: register tiles, and workgroup tiles on GPUs, reading halves as such where
 * the device has shader-f16 and unpacking them from words elsewhere. All sum in float32 in the same order, so that all give
 * the same bits but for what a driver reassociates.
 */
export function halfCandidates(shape: MatmulShape, target: KernelTarget): readonly MatmulCandidate[] {
  const wide = target.kind === 'cpu' ? 4 : ([4, 2].find((tile) => outputs(shape, tile) >= BUSY) ?? 1);
  const registers = [wide, ...[1, 2, 4].filter((tile) => tile !== wide)].map((tile) =>
    inRegisters(shape, tile),
  );
  if (target.kind === 'cpu') return registers;
  const tiles = tiledCandidates(shape).flatMap(({ name }) => [
    ...(target.f16 ? [tiled(shape, name, true)] : []),
    tiled(shape, name, false),
  ]);
  return suitsTiles(shape) ? [...tiles, ...registers] : [...registers, ...tiles];
}

function outputs({ m, n }: MatmulShape, tile: number): number {
  return Math.ceil(m / tile) * Math.ceil(n / tile);
}

/** Halves in a row of `columns`: whole fours. */
const line = (columns: number): number => 4 * Math.ceil(columns / 4);

function inRegisters(shape: MatmulShape, tile: number): MatmulCandidate {
  return { name: `halves in tiles ${tile}×${tile}`, call: batchedCall(matmulHalf, shape, tile, line) };
}

function tiled(shape: MatmulShape, name: string, f16: boolean): MatmulCandidate {
  return {
    name: `${f16 ? 'f16' : 'halves'} ${name}`,
    call: tiledCall(f16 ? matmulTiledF16 : matmulTiledHalf, shape, tileOf(name)),
  };
}
