import sumKernel from '../../../shaders/reduce/sum.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { linearGrid } from './linearGrid.ts';

/** x seen as [outer, reduced, inner], summed over the middle. */
export interface SumShape {
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
}

/** Longest run that one thread adds up: beyond it a second pass is both faster and more accurate. */
const LONGEST_CHUNK = 512;

/**
 * One or more passes that sum [outer, reduced, inner] over the middle, each with the shape of what it leaves:
 * [outer, chunks, inner]. The order of the sum depends on the shape only.
 * @param terms the elements, their products with those of a second operand, or their squares
 */
export function planSum(
  { outer, reduced, inner }: SumShape,
  terms: 'plain' | 'product' | 'square' = 'plain',
): { readonly call: KernelCall; readonly chunks: number }[] {
  const chunk =
    reduced <= LONGEST_CHUNK ? Math.max(1, reduced) : Math.max(16, Math.ceil(Math.sqrt(reduced / 4)) * 4);
  const chunks = Math.max(1, Math.ceil(reduced / Math.min(chunk, LONGEST_CHUNK)));
  const call: KernelCall = {
    source: sumKernel,
    knobs: { PRODUCT: terms === 'product', SQUARE: terms === 'square' },
    params: { outer, reduced, inner, chunk: Math.min(chunk, LONGEST_CHUNK), chunks },
    grid: linearGrid(outer * chunks * inner),
  };
  const pass = { call, chunks };
  return chunks === 1 ? [pass] : [pass, ...planSum({ outer, reduced: chunks, inner })];
}
