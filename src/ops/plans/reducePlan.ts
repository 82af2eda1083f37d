import maxKernel from '../../../shaders/reduce/max.wgsl';
import sumCompensated from '../../../shaders/reduce/sumCompensated.wgsl';
import varianceKernel from '../../../shaders/reduce/variance.wgsl';
import type { KernelTarget } from '../op.ts';
import { BUSY, linearGrid } from './linearGrid.ts';
import type { SumShape, SumStage } from './sumPlan.ts';

/** Elements that one thread reduces, at least where there are more. */
const SHORTEST_CHUNK = 64;
/** Threads that keep a CPU's cores busy. */
const CPU_THREADS = 1024;

/** How [outer, reduced, inner] is cut along the middle: a thread a chunk, as many as keep the adapter busy. */
function cut({ outer, reduced, inner }: SumShape, { kind }: KernelTarget): { chunk: number; chunks: number } {
  const threads = Math.max(1, Math.floor((kind === 'gpu' ? BUSY : CPU_THREADS) / (outer * inner)));
  const chunk = Math.min(reduced, Math.max(SHORTEST_CHUNK, Math.ceil(reduced / threads)));
  return { chunk, chunks: Math.ceil(reduced / chunk) };
}

/** The cuts of all passes: each works on what the one before it left, and the last leaves one. */
function cuts(shape: SumShape, target: KernelTarget): (SumShape & { chunk: number; chunks: number })[] {
  const here = cut(shape, target);
  return [
    { ...shape, ...here },
    ...(here.chunks === 1 ? [] : cuts({ ...shape, reduced: here.chunks }, target)),
  ];
}

/** Passes for the largest element and its place. Operands `x`, `y`, `index`, and `at` from the second pass on. */
export function planMax(shape: SumShape, target: KernelTarget): SumStage[] {
  return cuts(shape, target).map(({ outer, reduced, inner, chunk, chunks }, i) => ({
    call: {
      source: maxKernel,
      knobs: { PARTIAL: i > 0, INTERLEAVED: target.kind === 'gpu' },
      params: { outer, reduced, inner, chunk, chunks },
      grid: linearGrid(outer * chunks * inner),
    },
    chunks,
  }));
}

/**
 * Passes for mean and variance. Operands: `x`, `variance`, which is [outer, chunks, inner, 3] until the last pass and the
 * next one's `parts`; `mean` in the last.
 * @param factor what the sum of centred squares is multiplied by
 */
export function planVariance(shape: SumShape, factor: number, target: KernelTarget): SumStage[] {
  const all = cuts(shape, target);
  return all.map(({ outer, reduced, inner, chunk, chunks }, i) => ({
    call: {
      source: varianceKernel,
      knobs: {
        MERGE: i > 0,
        LAST: i === all.length - 1,
        INTERLEAVED: target.kind === 'gpu',
        // Neither SwiftShader nor llvmpipe regroups differences; other compilers may.
        GUARD: target.kind === 'gpu',
      },
      params: { outer, reduced: shape.reduced, partsReduced: reduced, inner, chunk, chunks, zero: 0, factor },
      grid: linearGrid(outer * chunks * inner),
    },
    chunks,
  }));
}

/** Passes for a compensated sum of `reduced` elements. Operands: `x`, `y`; `carried` from the second pass on; `lost` but in the last. */
export function planCompensatedSum(reduced: number, target: KernelTarget): SumStage[] {
  const all = cuts({ outer: 1, reduced, inner: 1 }, target);
  return all.map(({ reduced: length, chunk, chunks }, i) => ({
    call: {
      source: sumCompensated,
      knobs: { PARTIAL: i > 0, LAST: i === all.length - 1, INTERLEAVED: target.kind === 'gpu' },
      params: { reduced: length, chunk, chunks, zero: 0 },
      grid: linearGrid(chunks),
    },
    chunks,
  }));
}
