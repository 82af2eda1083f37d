import matmulNN from '../../../shaders/matmul/matmulNN.wgsl';
import matmulNNSubgroup from '../../../shaders/matmul/matmulNNSubgroup.wgsl';
import matmulNNVec4 from '../../../shaders/matmul/matmulNNVec4.wgsl';
import matmulNT from '../../../shaders/matmul/matmulNT.wgsl';
import matmulNTSubgroup from '../../../shaders/matmul/matmulNTSubgroup.wgsl';
import matmulNTVec4 from '../../../shaders/matmul/matmulNTVec4.wgsl';
import matmulSubgroup from '../../../shaders/matmul/matmulSubgroup.wgsl';
import matmulTN from '../../../shaders/matmul/matmulTN.wgsl';
import matmulTNSubgroup from '../../../shaders/matmul/matmulTNSubgroup.wgsl';
import matmulTNVec4 from '../../../shaders/matmul/matmulTNVec4.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { bucketOf, type Candidate, choose, type KernelDemand, shapeKey } from '../../gpu/kernelChoice.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import type { Target } from '../op.ts';
import { BUSY } from './linearGrid.ts';

export type MatmulForm = 'NN' | 'NT' | 'TN';
export type Activation = 'none' | 'relu' | 'tanh' | 'sigmoid';

/** One replica's product C [m, n] = op(A)·op(B) and what is fused into it. */
export interface MatmulShape {
  /** NN: A [m, k], B [k, n]. NT: A [m, k], B [n, k]. TN: A [k, m], B [k, n]. */
  readonly form: MatmulForm;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Adds `bias` [n] to every row. */
  readonly bias?: boolean;
  readonly activation?: Activation;
  /** Multiplies by the derivative of an activation, given its output `y` [m, n]. */
  readonly mask?: Activation;
  /**
   * TN only: also Σ_k A[k, i], the bias gradient, into the buffer of `c` at the parameter `columnSumOffset`, which the
   * caller sets (counted from the buffer's start; replicas are as far apart as those of `c`).
   */
  readonly columnSum?: boolean;
}

const GENERAL: Record<MatmulForm, KernelSource> = { NN: matmulNN, NT: matmulNT, TN: matmulTN };
const QUAD: Record<MatmulForm, KernelSource> = {
  NN: matmulNNSubgroup,
  NT: matmulNTSubgroup,
  TN: matmulTNSubgroup,
};
const VEC4: Record<MatmulForm, KernelSource> = { NN: matmulNNVec4, NT: matmulNTVec4, TN: matmulTNVec4 };
const NUMBER: Record<Activation, number> = { none: 0, relu: 1, tanh: 2, sigmoid: 3 };
const THREADS = 64;
/** Products below this many multiplications share one small variant, which compiles in a third of the time. */
const SMALL = 2 ** 20;

/**
 * Chooses kernel, variant and grid for a product. It depends on one replica's shape, the adapter and the target's choices
 * only, so that a replica's bits do not depend on how many run beside it.
 * @throws if an extent is no positive integer, or column sums are asked of another form than TN.
 */
export function planMatmul(shape: MatmulShape, target: Target): KernelCall {
  return choose(matmulCandidates(shape, target), matmulDemand(shape), target.choices).call;
}

/** What a product's choice is recorded and looked up under; what is fused into it makes no other bucket. */
export function matmulDemand(shape: MatmulShape): KernelDemand {
  const { form, m, n, k, bias, activation, mask = 'none', columnSum } = shape;
  const fused = { bias, activation, mask: mask === 'none' ? '' : `mask ${mask}`, columnSum };
  return {
    family: 'matmul',
    shape,
    key: shapeKey({ form, m, n, k, ...fused }),
    bucket: `${form} ${bucketOf({ m, n, k })}${columnSum ? ', columnSum' : ''}`,
  };
}

/**
 * Every variant that computes a product on an adapter, the default first. Quads are for adapters that compute on the
 * CPU: elsewhere nothing promises that invocations 4i to 4i + 3 of a workgroup are a quad.
 * @throws if an extent is no positive integer, or column sums are asked of another form than TN.
 */
export function matmulCandidates(shape: MatmulShape, target: Target): readonly Candidate[] {
  const { form, m, n, k, columnSum = false } = shape;
  for (const [name, extent] of Object.entries({ m, n, k })) {
    if (!Number.isInteger(extent) || extent < 1) {
      throw new Error(`matmul ${form}: ${name} is ${extent}, expected a positive integer`);
    }
  }
  if (columnSum && form !== 'TN') throw new Error(`matmul ${form}: column sums belong to the form TN`);
  const quads = target.kind === 'cpu' && target.subgroupSize >= 4;
  const first = quads ? defaultQuads(shape, target) : defaultTiles(shape, target);
  const all = [
    ...(quads ? QUAD_TILES.map((tile) => anyFormQuads(shape, tile, target)) : []),
    ...(quads && inFoursForQuads(shape)
      ? QUAD_TILES_IN_FOURS.map((tile) => quadsInFours(shape, tile, target))
      : []),
    ...TILES.map((tile) => tiles(shape, tile)),
    ...(inFoursForVec4(shape) ? FOURS.map((fours) => vec4(shape, fours)) : []),
  ];
  return [first, ...all.filter(({ name }) => name !== first.name)];
}

/** TILE_Q and TILE_N: a quad's tile is four times as large both ways. */
const QUAD_TILES = [
  [2, 4],
  [4, 4],
] as const;
const QUAD_TILES_IN_FOURS = [
  [4, 4],
  [4, 8],
] as const;
/** Rows and columns of an invocation's tile. */
const TILES = [1, 2, 4, 8] as const;
/** The same, in fours. */
const FOURS = [1, 2] as const;

/** Four invocations a tile: for adapters that compute on the CPU, where loads are dear and subgroups small. */
function defaultQuads(shape: MatmulShape, target: Target): Candidate {
  const { m, n, k } = shape;
  const small = m * n * k < SMALL;
  if (small || !inFoursForQuads(shape)) return anyFormQuads(shape, small ? [2, 4] : [4, 4], target);
  // Unrolled 16 × 32 tiles compile for seconds where subgroups are wider than SwiftShader's.
  return quadsInFours(shape, target.subgroupSize > 4 ? [4, 4] : [4, 8], target);
}

function inFoursForQuads({
  form,
  m,
  n,
  k,
  bias = false,
  activation = 'none',
  mask = 'none',
}: MatmulShape): boolean {
  const epilogue = bias || activation !== 'none' || mask !== 'none';
  return n % 4 === 0 && k % 4 === 0 && (form !== 'TN' || (m % 4 === 0 && !epilogue));
}

function anyFormQuads(shape: MatmulShape, tile: readonly [number, number], target: Target): Candidate {
  return {
    name: `any-form quads ${4 * tile[0]}×${4 * tile[1]}`,
    call: { source: matmulSubgroup, ...quadCall(shape, tile, target, {}, target.subgroupSize) },
  };
}

function quadsInFours(shape: MatmulShape, tile: readonly [number, number], target: Target): Candidate {
  const { form } = shape;
  const [TILE_Q, TILE_N] = tile;
  const fours = { FOURS_N: TILE_N / 4, ...(form === 'TN' ? { FOURS_Q: TILE_Q / 4 } : {}) };
  return {
    name: `quads ${4 * TILE_Q}×${4 * TILE_N}`,
    call: { source: QUAD[form], ...quadCall(shape, tile, target, fours, 4 * target.subgroupSize) },
  };
}

/** @param sumsPerGroup column sums that a workgroup takes on */
function quadCall(
  shape: MatmulShape,
  [TILE_Q, TILE_N]: readonly [number, number],
  { subgroupSize: WIDTH }: Target,
  fours: Readonly<Record<string, number>>,
  sumsPerGroup: number,
): Omit<KernelCall, 'source'> {
  const { m, n, k, bias = false, activation = 'none', mask = 'none', columnSum = false } = shape;
  const tiles = Math.ceil(m / (4 * TILE_Q)) * Math.ceil(n / (4 * TILE_N));
  const sums = columnSum ? Math.ceil(m / sumsPerGroup) : 0;
  return {
    knobs: { WIDTH, TILE_Q, TILE_N, ...fours },
    params: {
      m,
      n,
      k,
      bias: bias ? 1 : 0,
      activation: NUMBER[activation],
      mask: NUMBER[mask],
      ...strides(shape),
      columnSum: columnSum ? 1 : 0,
      columnSumOffset: 0,
    },
    grid: [Math.ceil(tiles / (WIDTH / 4)) + sums, 1],
  };
}

/** Distances between rows and along k of op(A), and between columns and along k of op(B). */
function strides({ form, m, n, k }: MatmulShape): Record<string, number> {
  const [aRow, aStep] = form === 'TN' ? [1, m] : [k, 1];
  const [bColumn, bStep] = form === 'NT' ? [k, 1] : [1, n];
  return { aRow, aStep, bColumn, bStep };
}

/** One invocation a tile, without subgroups. */
function defaultTiles(shape: MatmulShape, target: Target): Candidate {
  const { m, n } = shape;
  const count = (tile: number): number => Math.ceil(m / tile) * Math.ceil(n / tile);
  if (target.kind === 'gpu' && inFoursForVec4(shape) && count(4) >= BUSY / 4) {
    return vec4(shape, count(8) >= BUSY ? 2 : 1);
  }
  // Large tiles read less, small ones give more work at once.
  if (target.kind === 'cpu') return tiles(shape, m * n >= 2048 ? 8 : 4);
  return tiles(shape, [4, 2].find((tile) => count(tile) >= BUSY) ?? 1);
}

function inFoursForVec4({ form, m, n, k }: MatmulShape): boolean {
  return n % 4 === 0 && (form === 'TN' ? m % 4 === 0 : k % 4 === 0);
}

function vec4(shape: MatmulShape, fours: number): Candidate {
  const { form, m, n, columnSum = false } = shape;
  const groups = Math.ceil(m / (32 * fours)) * Math.ceil(n / (32 * fours));
  return {
    name: `vec4 ${4 * fours}×${4 * fours}`,
    call: {
      source: VEC4[form],
      knobs: {
        ...(form === 'TN' ? { FOURS_M: fours } : { TILE_M: 4 * fours }),
        FOURS_N: fours,
        ...epilogueKnobs(shape),
      },
      params: tileParams(shape),
      grid: [groups + (columnSum ? Math.ceil(m / (4 * THREADS)) : 0), 1],
    },
  };
}

function tiles(shape: MatmulShape, tile: number): Candidate {
  const { form, m, n, columnSum = false } = shape;
  const count = Math.ceil(m / tile) * Math.ceil(n / tile);
  return {
    name: `tiles ${tile}×${tile}`,
    call: {
      source: GENERAL[form],
      knobs: { TILE_M: tile, TILE_N: tile, ...epilogueKnobs(shape) },
      params: tileParams(shape),
      grid: [Math.ceil(count / THREADS) + (columnSum ? Math.ceil(m / THREADS) : 0), 1],
    },
  };
}

function epilogueKnobs(shape: MatmulShape): Record<string, number | boolean> {
  const { form, bias = false, activation = 'none', mask = 'none', columnSum = false } = shape;
  return {
    BIAS: bias,
    ACTIVATION: NUMBER[activation],
    MASK: NUMBER[mask],
    ...(form === 'TN' ? { COLUMN_SUM: columnSum } : {}),
  };
}

function tileParams({ form, m, n, k }: MatmulShape): Record<string, number> {
  return { m, n, k, ...(form === 'TN' ? { columnSumOffset: 0 } : {}) };
}
