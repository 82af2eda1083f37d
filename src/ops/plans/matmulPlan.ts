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
import type { KernelSource } from '../../gpu/kernelSource.ts';
import type { Target } from '../op.ts';

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
/** Invocations that keep a GPU busy; not measured on one. */
const BUSY = 16_384;
/** Products below this many multiplications share one small variant, which compiles in a third of the time. */
const SMALL = 2 ** 20;

/**
 * Chooses kernel, variant and grid for a product. It depends on one replica's shape and the adapter only, so that a
 * replica's bits do not depend on how many run beside it.
 * @throws if an extent is no positive integer, or column sums are asked of another form than TN.
 */
export function planMatmul(shape: MatmulShape, target: Target): KernelCall {
  const { form, m, n, k, columnSum = false } = shape;
  for (const [name, extent] of Object.entries({ m, n, k })) {
    if (!Number.isInteger(extent) || extent < 1) {
      throw new Error(`matmul ${form}: ${name} is ${extent}, expected a positive integer`);
    }
  }
  if (columnSum && form !== 'TN') throw new Error(`matmul ${form}: column sums belong to the form TN`);
  return target.kind === 'cpu' && target.subgroupSize >= 4 ? quads(shape, target) : general(shape, target);
}

/** Four invocations a tile: for adapters that compute on the CPU, where loads are dear and subgroups small. */
function quads(shape: MatmulShape, { subgroupSize }: Target): KernelCall {
  const { form, m, n, k, bias = false, activation = 'none', mask = 'none', columnSum = false } = shape;
  const epilogue = bias || activation !== 'none' || mask !== 'none';
  const inFours = n % 4 === 0 && k % 4 === 0 && (form !== 'TN' || (m % 4 === 0 && !epilogue));
  const small = m * n * k < SMALL;
  const anyForm = small || !inFours;
  // Unrolled 16 × 32 tiles compile for seconds where subgroups are wider than SwiftShader's.
  const [TILE_Q, TILE_N] = small ? [2, 4] : anyForm || subgroupSize > 4 ? [4, 4] : [4, 8];
  const WIDTH = subgroupSize;
  const tiles = Math.ceil(m / (4 * TILE_Q)) * Math.ceil(n / (4 * TILE_N));
  const sums = columnSum ? Math.ceil(m / (anyForm ? WIDTH : 4 * WIDTH)) : 0;
  const fours = { FOURS_N: TILE_N / 4, ...(form === 'TN' ? { FOURS_Q: TILE_Q / 4 } : {}) };
  return {
    source: anyForm ? matmulSubgroup : QUAD[form],
    knobs: { WIDTH, TILE_Q, TILE_N, ...(anyForm ? {} : fours) },
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
function general(shape: MatmulShape, target: Target): KernelCall {
  const { form, m, n, k, bias = false, activation = 'none', mask = 'none', columnSum = false } = shape;
  const epilogue = {
    BIAS: bias,
    ACTIVATION: NUMBER[activation],
    MASK: NUMBER[mask],
    ...(form === 'TN' ? { COLUMN_SUM: columnSum } : {}),
  };
  const params = { m, n, k, ...(form === 'TN' ? { columnSumOffset: 0 } : {}) };
  const tiles = (tile: number): number => Math.ceil(m / tile) * Math.ceil(n / tile);
  const inFours = n % 4 === 0 && (form === 'TN' ? m % 4 === 0 : k % 4 === 0);
  if (target.kind === 'gpu' && inFours && tiles(4) >= BUSY / 4) {
    const fours = tiles(8) >= BUSY ? 2 : 1;
    const groups = Math.ceil(m / (32 * fours)) * Math.ceil(n / (32 * fours));
    return {
      source: VEC4[form],
      knobs: { ...(form === 'TN' ? { FOURS_M: fours } : { TILE_M: 4 * fours }), FOURS_N: fours, ...epilogue },
      params,
      grid: [groups + (columnSum ? Math.ceil(m / (4 * THREADS)) : 0), 1],
    };
  }
  const tile = generalTile(shape, target, tiles);
  return {
    source: GENERAL[form],
    knobs: { TILE_M: tile, TILE_N: tile, ...epilogue },
    params,
    grid: [Math.ceil(tiles(tile) / THREADS) + (columnSum ? Math.ceil(m / THREADS) : 0), 1],
  };
}

/** Large tiles read less, small ones give more work at once. */
function generalTile({ m, n }: MatmulShape, { kind }: Target, tiles: (tile: number) => number): number {
  if (kind === 'cpu') return m * n >= 2048 ? 8 : 4;
  return [4, 2].find((tile) => tiles(tile) >= BUSY) ?? 1;
}
