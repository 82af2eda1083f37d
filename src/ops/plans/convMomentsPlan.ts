import conv2dMoments from '../../../shaders/moments/conv2d.wgsl';
import finish from '../../../shaders/moments/finish.wgsl';
import gramNorms from '../../../shaders/perExample/convGramNorms.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { type Candidate, choose } from '../../gpu/kernelChoice.ts';
import type { Target } from '../op.ts';
import { type ConvShape, convDemand, convParams } from './convPlan.ts';
import { linearGrid } from './linearGrid.ts';

const THREADS = 64;
/** Side of a tile of pairs of positions. */
const TILE = 4;
/** Side of a tile of the weight, five numbers a coordinate: a GPU has no registers for more. The default first. */
const TILES = { gpu: [4, 8], cpu: [8, 4] } as const;
/** Invocations that keep a GPU busy, and both cores of a software adapter's machine; not measured on a GPU. */
const BUSY = { gpu: 16_384, cpu: 256 };
/** Invocations beyond which a pass over single examples gains nothing from more. */
const PLENTY = 2 ** 16;
/** A block forms the first example's gradient once more than it has examples, so it has some. */
const SHORTEST_BLOCK = 8;
/** What a pass leaves for the next takes at most so many elements (16 MiB a replica). */
const LARGEST_SCRATCH = 2 ** 22;

function tilesOf({ outChannels, channels, window }: ConvShape, tile: number): number {
  const taps = channels * window.kernelHeight * window.kernelWidth;
  return Math.ceil(outChannels / tile) * Math.ceil(taps / tile);
}

function grid(invocations: number): [number, number] {
  return [Math.ceil(invocations / THREADS), 1];
}

export interface ConvMomentsPlan {
  /** Operands: `x`, `dy`, `moments` [blocks, 3, P], and `norms` [N, parts] if `parts` is not 0. */
  readonly sums: KernelCall;
  /** Operands: `moments`, `gradient`, `variance`. */
  readonly finish: KernelCall;
  readonly blocks: number;
  /** Parts of each example's squared norm that the first kernel leaves; 0 if they would take too much room. */
  readonly parts: number;
}

interface ConvMomentsCandidate extends Candidate {
  readonly plan: ConvMomentsPlan;
}

/** Mean and centred squares of the weight gradients of single examples, and their squared norms beside. */
export function planConvMoments(shape: ConvShape, target: Target): ConvMomentsPlan {
  const demand = convDemand('convMoments', shape);
  return choose(convMomentsCandidates(shape, target), demand, target.choices).plan;
}

/** Every variant of planConvMoments, the default first. */
export function convMomentsCandidates(shape: ConvShape, target: Target): readonly ConvMomentsCandidate[] {
  return TILES[target.kind].map((tile) => {
    const plan = momentsByTiles(shape, tile, target);
    return { name: `tiles ${tile}×${tile}`, call: plan.sums, plan };
  });
}

function momentsByTiles(shape: ConvShape, tile: number, target: Target): ConvMomentsPlan {
  const params = convParams(shape);
  const { images, channels, outChannels, window } = shape;
  const tiles = tilesOf(shape, tile);
  const elements = outChannels * channels * window.kernelHeight * window.kernelWidth;
  const most = Math.min(images / SHORTEST_BLOCK, LARGEST_SCRATCH / (3 * elements));
  const wanted = Math.max(1, Math.floor(Math.min(BUSY[target.kind] / tiles, most)));
  const unitsPerBlock = Math.ceil(images / wanted);
  const blocks = Math.ceil(images / unitsPerBlock);
  const norms = images * tiles <= LARGEST_SCRATCH;
  return {
    sums: {
      source: conv2dMoments,
      knobs: { TILE_O: tile, TILE_K: tile, MOMENTS: true, NORMS: norms },
      params: { ...params, unitSize: 1, unitsPerBlock, blocks, tilesPerPart: 1, parts: tiles },
      grid: grid(tiles * blocks),
    },
    finish: { source: finish, params: { elements, blocks, count: images }, grid: linearGrid(elements) },
    blocks,
    parts: norms ? tiles : 0,
  };
}

/**
 * Squared norms of the weight gradients of units of `unitSize` consecutive examples, in `parts` that the caller adds.
 * The form with fewer products: of each unit the gradient, or the inner products of its positions. Operands: `x`, `dy`,
 * `norms` [units, parts].
 * @throws if units of that size do not make up the images.
 */
export function planConvNorms(
  shape: ConvShape,
  unitSize: number,
  target: Target,
): { readonly call: KernelCall; readonly parts: number; readonly form: 'direct' | 'Gram' } {
  const demand = convDemand('convNorms', shape, { unitSize });
  return choose(convNormsCandidates(shape, unitSize, target), demand, target.choices);
}

interface ConvNormsCandidate extends Candidate {
  readonly parts: number;
  readonly form: 'direct' | 'Gram';
}

/** Every variant of planConvNorms, the default first. */
export function convNormsCandidates(
  shape: ConvShape,
  unitSize: number,
  target: Target,
): readonly ConvNormsCandidate[] {
  const params = convParams(shape);
  const { images, channels, outChannels, outHeight, outWidth, window } = shape;
  const units = images / unitSize;
  if (!Number.isInteger(units)) {
    throw new Error(`convolution norms: ${images} images are no whole number of groups of ${unitSize}`);
  }
  const direct = TILES[target.kind].map((tile): ConvNormsCandidate => {
    const tiles = tilesOf(shape, tile);
    const tilesPerPart = Math.min(tiles, Math.ceil((units * tiles) / PLENTY));
    const parts = Math.ceil(tiles / tilesPerPart);
    return {
      name: `direct ${tile}×${tile}`,
      call: {
        source: conv2dMoments,
        knobs: { TILE_O: tile, TILE_K: tile, MOMENTS: false, NORMS: true },
        params: { ...params, unitSize, unitsPerBlock: 1, blocks: units, tilesPerPart, parts },
        grid: grid(units * parts),
      },
      parts,
      form: 'direct',
    };
  });
  const taps = channels * window.kernelHeight * window.kernelWidth;
  const positions = unitSize * outHeight * outWidth;
  const side = Math.ceil(positions / TILE);
  const pairs = (side * (side + 1)) / 2;
  if (units * pairs > LARGEST_SCRATCH) return direct;
  const gram: ConvNormsCandidate = {
    name: `Gram ${TILE}×${TILE}`,
    call: {
      source: gramNorms,
      knobs: { TILE },
      params: { ...params, unitSize, units },
      grid: grid(units * pairs),
    },
    parts: pairs,
    form: 'Gram',
  };
  // Half of the pairs are formed, at about twice the cost of a product of the gradient: patches are read twice.
  return positions * (taps + outChannels) < taps * outChannels ? [gram, ...direct] : [...direct, gram];
}
