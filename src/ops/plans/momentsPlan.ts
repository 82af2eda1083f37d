import dense from '../../../shaders/moments/dense.wgsl';
import denseSubgroup from '../../../shaders/moments/denseSubgroup.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { bucketOf, type Candidate, choose, type KernelDemand, shapeKey } from '../../gpu/kernelChoice.ts';
import type { KernelTarget } from '../op.ts';

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

/** Layers below this many products share one small variant, which compiles in half the time. */
const SMALL = 2 ** 20;

/**
 * Examples from which on a step takes eight: when it was chosen, 8 % faster at 512 and 10 % slower at 64, since a loop costs
 * SwiftShader about one step more than it has (2026-11-26).
 */
const FULL_STEPS = 128;

/** Fours of rows a tile. Where subgroups are wider than SwiftShader's, more compile for seconds. */
function fourRows({ batch, inputs, outputs }: DenseMomentsShape, { subgroupSize }: KernelTarget): 2 | 4 {
  return batch * inputs * outputs < SMALL || subgroupSize > 4 ? 2 : 4;
}

export interface DenseMomentsPlan extends Candidate {
  /**
   * Operands: `x`, `d`, `gradient`, `variance`, and `norms` [batch] of the weight where the kernel takes them. The caller
   * sets the parameters `biasGradientOffset` and `biasVarianceOffset` with a bias, `biasNormsOffset` with norms (counted
   * from the buffers' starts).
   */
  readonly call: KernelCall;
  /** Whether the kernel also takes each example's squared norms; a GPU has better ways than one thread an example. */
  readonly norms: boolean;
}

/** Chooses kernel, variant and grid for the mean gradient and centred second moment of a linear layer. */
export function planDenseMoments(shape: DenseMomentsShape, target: KernelTarget): DenseMomentsPlan {
  return choose(denseMomentsCandidates(shape, target), denseMomentsDemand(shape), target.choices);
}

export function denseMomentsDemand(shape: DenseMomentsShape): KernelDemand {
  const { batch, inputs, outputs, bias } = shape;
  const extents = { batch, inputs, outputs };
  return { family: 'denseMoments', shape, key: shapeKey({ ...extents, bias }), bucket: bucketOf(extents) };
}

/** Every variant that computes the moments on an adapter, the default first. */
export function denseMomentsCandidates(
  shape: DenseMomentsShape,
  target: KernelTarget,
): readonly DenseMomentsPlan[] {
  const { batch, inputs, outputs, bias } = shape;
  for (const [name, extent] of Object.entries({ batch, inputs, outputs })) {
    if (!Number.isInteger(extent) || extent < 1) {
      throw new Error(`dense moments: ${name} is ${extent}, expected a positive integer`);
    }
  }
  // Neither SwiftShader nor llvmpipe fuses a product with what follows; other compilers may.
  const knobs = { BIAS: bias, GUARD: target.kind === 'gpu' };
  const params = {
    batch,
    inputs,
    outputs,
    zero: 0,
    biasGradientOffset: 0,
    biasVarianceOffset: 0,
    biasNormsOffset: 0,
  };
  const candidates: DenseMomentsPlan[] = [];
  if (target.kind === 'cpu' && target.subgroupSize >= 4 && inputs % 4 === 0) {
    const WIDTH = target.subgroupSize;
    const biases = bias ? Math.ceil(outputs / (4 * WIDTH)) : 0;
    const first = fourRows(shape, target);
    for (const TILE_Q of [first, 6 - first]) {
      const tiles = Math.ceil(outputs / (4 * TILE_Q)) * Math.ceil(inputs / 16);
      const groups = Math.ceil(tiles / (WIDTH / 4)) + biases + Math.ceil(batch / WIDTH);
      const call = {
        source: denseSubgroup,
        knobs: { ...knobs, WIDTH, TILE_Q, FOURS_B: batch < FULL_STEPS ? 1 : 2 },
        params,
        grid: [groups, 1] as const,
      };
      candidates.push({ name: `quads ${4 * TILE_Q}×16`, call, norms: true });
    }
  }
  const biases = bias ? Math.ceil(outputs / THREADS) : 0;
  for (const tile of TILES) {
    const tiles = Math.ceil(outputs / tile) * Math.ceil(inputs / tile);
    const grid = [Math.ceil(tiles / THREADS) + biases, 1] as const;
    const call = { source: dense, knobs: { ...knobs, TILE_L: tile, TILE_K: tile }, params, grid };
    candidates.push({ name: `tiles ${tile}×${tile}`, call, norms: false });
  }
  return candidates;
}
