import matmulHalf from '../../../shaders/matmul/matmulHalf.wgsl';
import matmulTiledF16 from '../../../shaders/matmul/matmulTiledF16.wgsl';
import matmulTiledHalf from '../../../shaders/matmul/matmulTiledHalf.wgsl';
import { bucketOf, choose, type KernelDemand, shapeKey } from '../../gpu/kernelChoice.ts';
import type { KernelTarget } from '../op.ts';
import { BUSY } from './linearGrid.ts';
import { epilogueKnobs, type MatmulCandidate, type MatmulShape } from './productShape.ts';
import { suitsTiles, tiledCandidates, tileOf } from './tiledPlan.ts';

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
  const { form, m, n, k } = shape;
  const [aRow, aStep] = form === 'TN' ? [1, line(m)] : [line(k), 1];
  const [bColumn, bStep] = form === 'NT' ? [line(k), 1] : [1, line(n)];
  return {
    name: `halves in tiles ${tile}×${tile}`,
    call: {
      source: matmulHalf,
      knobs: { TILE_M: tile, TILE_N: tile, ...epilogueKnobs(shape) },
      params: { m, n, k, aRow, aStep, bColumn, bStep },
      grid: [Math.ceil(outputs(shape, tile) / 64), 1],
    },
  };
}

function tiled(shape: MatmulShape, name: string, f16: boolean): MatmulCandidate {
  const { form, m, n, k } = shape;
  const { rows, columns, knobs } = tileOf(name);
  return {
    name: `${f16 ? 'f16' : 'halves'} ${name}`,
    call: {
      source: f16 ? matmulTiledF16 : matmulTiledHalf,
      knobs: { ...knobs, TRANSPOSE_A: form === 'TN', TRANSPOSE_B: form === 'NT', ...epilogueKnobs(shape) },
      params: { m, n, k },
      grid: [Math.ceil(m / rows) * Math.ceil(n / columns), 1],
    },
  };
}
