import splitKFinish from '../../../shaders/matmul/splitKFinish.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelTarget } from '../op.ts';
import { linearGrid } from './linearGrid.ts';
import { isMatvec, matvecCandidates, matvecGroups } from './matvecPlan.ts';
import {
  epilogueKnobs,
  isPlain,
  type MatmulCandidate,
  type MatmulShape,
  partLength,
} from './productShape.ts';
import { tiledCandidates } from './tiledPlan.ts';

/** Workgroups that keep a large GPU's cores busy with parts, and fewest k that are split, in parts of so many at least. */
const BUSY_GROUPS = 512;
const LONG = 512;
const SHORTEST = 64;
/**
 * Tiles of 32 × 32 that are enough without parts. On an H200 (2026-11-27) 64 × 784 × 128, eight of them, takes 25.6 µs in one
 * part, 10.5 in slices of 16 × 16 and 5.8 in eight parts, and the second pass 3 more; 512 × 784 × 128 26.5, 12.6 and 8.3;
 * 512³ 19.8, 15.4 and 14.9.
 */
const ENOUGH_GROUPS = 96;

/**
 * Into how many parts a GPU should split the k of one product: 1 where its tiles alone give enough workgroups. From one
 * replica's shape only, so that a replica's bits do not depend on how many run beside it.
 */
export function splitParts(shape: MatmulShape): number {
  const { m, n, k, batch, k2, parts } = shape;
  if (batch || k2 !== undefined || parts !== undefined || k < LONG) return 1;
  const groups = isMatvec(shape) ? matvecGroups(shape) : Math.ceil(m / 32) * Math.ceil(n / 32);
  // A long dot product keeps a whole workgroup busy longer than a tile's.
  const shortest = isMatvec(shape) ? 64 * SHORTEST : SHORTEST;
  if (groups >= ENOUGH_GROUPS || k < 2 * shortest) return 1;
  const wanted = Math.min(Math.ceil(BUSY_GROUPS / groups), Math.floor(k / shortest));
  return Math.ceil(k / partLength(k, wanted));
}

/**
 * Two passes: products of parts of k into scratch, then their sum in a fixed order with what is fused into the product. None
 * where splitting is of no use.
 */
export function splitCandidates(shape: MatmulShape): readonly MatmulCandidate[] {
  const parts = splitParts(shape);
  if (parts === 1) return [];
  const { form, m, n, k, columnSum = false } = shape;
  const part: MatmulShape = { form, m, n, k, columnSum, parts };
  const passes = isMatvec(shape) ? matvecCandidates(part) : tiledCandidates(part);
  const sums = columnSum ? m : 0;
  return passes.map(({ name, call }) => ({
    name: `split-K by ${parts}, ${name}`,
    call,
    split: {
      parts,
      elements: parts * (m * n + sums),
      columnSumOffset: m * n,
      finish: planFinish(shape, parts),
    },
  }));
}

/** The sum of `parts` of a product, and of their column sums, with what is fused into it. */
export function planFinish(shape: MatmulShape, parts = 1): KernelCall {
  const { m, n, columnSum = false } = shape;
  const sums = columnSum ? m : 0;
  return {
    source: splitKFinish,
    knobs: epilogueKnobs(shape),
    params: { outputs: m * n, sums, n, parts, columnSumOffset: 0 },
    grid: linearGrid(m * n + sums),
  };
}

/**
 * Multiplications up to which a CPU computes a pair, or a product with addend, in one pass rather than in plain products and a
 * pass over them. One pass against two, medians of 9 runs by turns, two cores, 2026-11-23: a masked pair of 64 × 10 × 128
 * takes 0.24 against 0.29 ms on lavapipe and 0.73 against 0.66 on SwiftShader, of 64 × 128 × 10 0.24 against 0.51 and 0.75
 * against 1.92; of 64 × 128 × 128 1.55 against 0.98 and 5.6 against 4.4, of 256³ 24.2 against 11.7 and 51.6 against 33.9: the
 * plain products are quads, which the pair's kernel has not. With an addend alike.
 */
const ONE_PASS = 2 ** 18;
/**
 * And up to this many products an output whatever the size: writing and reading what lies between costs more. On SwiftShader
 * in Chromium, medians of 5 runs, 2026-11-25, a pair of 64 × 1176 × 10 takes 2.5 against 6.9 ms, of 512 × 128 × 10 2.0 against
 * 5.8, of 64 × 512 × 32 1.8 against 2.5, of 10 × 1176 × 64 2.4 against 3.2, of 64 × 512 × 64 3.6 against 3.4.
 */
const SHORT = 128;

/** Whether one kernel does all that is fused into a product, or a plain product and a pass over its result do it sooner. */
export function takesOnePass(shape: MatmulShape, { kind }: KernelTarget): boolean {
  const { m, n, k, k2 = 0, addend = false } = shape;
  if (kind === 'gpu' || isPlain(shape) || isMatvec(shape) || (k2 > 0 && addend)) return true;
  return m * n * (k + k2) < ONE_PASS || k + k2 <= SHORT;
}
