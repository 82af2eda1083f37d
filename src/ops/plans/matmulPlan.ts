import matmulNN from '../../../shaders/matmul/matmulNN.wgsl';
import matmulNT from '../../../shaders/matmul/matmulNT.wgsl';
import matmulTN from '../../../shaders/matmul/matmulTN.wgsl';
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
const NUMBER: Record<Activation, number> = { none: 0, relu: 1, tanh: 2, sigmoid: 3 };
const THREADS = 64;

/**
 * Chooses kernel, variant and grid for a product. It depends on one replica's shape and the adapter only, so that a
 * replica's bits do not depend on how many run beside it.
 */
export function planMatmul(shape: MatmulShape, target: Target): KernelCall {
  const { form, m, n, k, bias = false, activation = 'none', mask = 'none', columnSum = false } = shape;
  for (const [name, extent] of Object.entries({ m, n, k })) {
    if (!Number.isInteger(extent) || extent < 1) throw new Error(`matmul ${form}: ${name} is ${extent}`);
  }
  if (columnSum && form !== 'TN') throw new Error(`matmul ${form}: column sums belong to the form TN`);
  const epilogue = {
    BIAS: bias,
    ACTIVATION: NUMBER[activation],
    MASK: NUMBER[mask],
    ...(form === 'TN' ? { COLUMN_SUM: columnSum } : {}),
  };
  const params = { m, n, k, ...(form === 'TN' ? { columnSumOffset: 0 } : {}) };
  return general(shape, target, epilogue, params);
}

function general(
  { form, m, n, columnSum }: MatmulShape,
  target: Target,
  epilogue: Record<string, number | boolean>,
  params: Record<string, number>,
): KernelCall {
  const tile = generalTile(m, n, target);
  const tiles = Math.ceil(m / tile) * Math.ceil(n / tile);
  const groups = Math.ceil(tiles / THREADS) + (columnSum ? Math.ceil(m / THREADS) : 0);
  return {
    source: GENERAL[form],
    knobs: { TILE_M: tile, TILE_N: tile, ...epilogue },
    params,
    grid: [groups, 1],
  };
}

/** Large tiles read less, small ones give more work at once: a GPU wants some thousands of invocations. */
function generalTile(m: number, n: number, { kind }: Target): number {
  const enough = kind === 'gpu' ? 16_384 : 32;
  for (const tile of [8, 4, 2]) {
    if (kind === 'gpu' && tile === 8) continue;
    if (Math.ceil(m / tile) * Math.ceil(n / tile) >= enough) return tile;
  }
  return kind === 'gpu' ? 1 : 4;
}
