import copyBandwidth from '../../shaders/ceilings/copyBandwidth.wgsl';
import emptyDispatch from '../../shaders/ceilings/emptyDispatch.wgsl';
import fmaPeak from '../../shaders/ceilings/fmaPeak.wgsl';
import type { KernelCall } from '../gpu/kernelCall.ts';
import { linearGrid } from '../ops/plans/linearGrid.ts';

/** Copies 4·`vectors` numbers, `each` vectors an invocation. Operands `x`, `y`. */
export function copyCall(vectors: number, each: number): KernelCall {
  return {
    source: copyBandwidth,
    knobs: { EACH: each },
    params: { vectors },
    grid: linearGrid(vectors, each),
  };
}

/** fma that a chain does between two turns of the loop. */
export const FMA_STEPS = 8;

/** `chains` chains of vectors of four an invocation, `rounds` fma long, a multiple of FMA_STEPS. Operand `y`. */
export function fmaCall(
  invocations: number,
  rounds: number,
  chains: number,
  { factor, addend }: { readonly factor: number; readonly addend: number },
): KernelCall {
  return {
    source: fmaPeak,
    knobs: { CHAINS: chains, STEPS: FMA_STEPS },
    params: { invocations, rounds, factor, addend },
    grid: linearGrid(invocations),
  };
}

/** Does nothing unless `mark` is not 0. Operand `y`. */
export function emptyCall(mark: number): KernelCall {
  return { source: emptyDispatch, params: { mark }, grid: [1, 1] };
}
