import dense from '../../../shaders/moments/dense.wgsl';
import denseSubgroup from '../../../shaders/moments/denseSubgroup.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { bucketOf, type Candidate, choose, type KernelDemand, shapeKey } from '../../gpu/kernelChoice.ts';
import type { Target } from '../op.ts';

/** One replica's layer: X [batch, inputs], per-example output gradients D [batch, outputs]. */
export interface DenseMomentsShape {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
}

const THREADS = 64;
/** Rows and columns of an invocation's tile, the default first. */
const TILES = [4, 2, 8] as const;

/**
 * Chooses kernel, variant and grid for the mean gradient and centred second moment of a linear layer. Operands: `x`, `d`,
 * `gradient`, `variance`; with a bias the caller sets the parameters `biasGradientOffset` and `biasVarianceOffset`
 * (counted from the buffers' starts).
 */
export function planDenseMoments(shape: DenseMomentsShape, target: Target): KernelCall {
  return choose(denseMomentsCandidates(shape, target), denseMomentsDemand(shape), target.choices).call;
}

export function denseMomentsDemand(shape: DenseMomentsShape): KernelDemand {
  const { batch, inputs, outputs, bias } = shape;
  const extents = { batch, inputs, outputs };
  return { family: 'denseMoments', shape, key: shapeKey({ ...extents, bias }), bucket: bucketOf(extents) };
}

/** Every variant that computes the moments on an adapter, the default first. */
export function denseMomentsCandidates(shape: DenseMomentsShape, target: Target): readonly Candidate[] {
  const { batch, inputs, outputs, bias } = shape;
  for (const [name, extent] of Object.entries({ batch, inputs, outputs })) {
    if (!Number.isInteger(extent) || extent < 1) {
      throw new Error(`dense moments: ${name} is ${extent}, expected a positive integer`);
    }
  }
  // Neither SwiftShader nor llvmpipe fuses a product with what follows; other compilers may.
  const knobs = { BIAS: bias, GUARD: target.kind === 'gpu' };
  const params = { batch, inputs, outputs, zero: 0, biasGradientOffset: 0, biasVarianceOffset: 0 };
  const candidates: Candidate[] = [];
  if (target.kind === 'cpu' && target.subgroupSize >= 4 && inputs % 4 === 0) {
    const WIDTH = target.subgroupSize;
    const tiles = Math.ceil(outputs / 8) * Math.ceil(inputs / 16);
    const biases = bias ? Math.ceil(outputs / (4 * WIDTH)) : 0;
    const grid = [Math.ceil(tiles / (WIDTH / 4)) + biases, 1] as const;
    const call = { source: denseSubgroup, knobs: { ...knobs, WIDTH }, params, grid };
    candidates.push({ name: 'quads 8×16', call });
  }
  const biases = bias ? Math.ceil(outputs / THREADS) : 0;
  for (const tile of TILES) {
    const tiles = Math.ceil(outputs / tile) * Math.ceil(inputs / tile);
    const grid = [Math.ceil(tiles / THREADS) + biases, 1] as const;
    const call = { source: dense, knobs: { ...knobs, TILE_L: tile, TILE_K: tile }, params, grid };
    candidates.push({ name: `tiles ${tile}×${tile}`, call });
  }
  return candidates;
}
