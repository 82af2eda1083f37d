import conv2dMoments from '../../../shaders/moments/conv2d.wgsl';
import conv2dMomentsQuads from '../../../shaders/moments/conv2dSubgroup.wgsl';
import finish from '../../../shaders/moments/finish.wgsl';
import gramNorms from '../../../shaders/perExample/convGramNorms.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { type Candidate, choose } from '../../gpu/kernelChoice.ts';
import type { KernelTarget } from '../op.ts';
import {
  type ConvShape,
  convDemand,
  convParams,
  hasQuads,
  planConvWeightGradient,
  weightQuads,
  withQuads,
} from './convPlan.ts';
import { linearGrid } from './linearGrid.ts';

const THREADS = 64;
/** Side of a tile of pairs of positions. */
const TILE = 4;
/** Side of a tile of the weight, four numbers a coordinate: a GPU has no registers for more. The default first. */
const TILES = { gpu: [4, 8], cpu: [8, 4] } as const;
/** Invocations that keep a GPU busy, and both cores of a software adapter's machine; not measured on a GPU. */
const BUSY = { gpu: 16_384, cpu: 256 };
/** Tiles of quads that keep both cores busy. */
const BUSY_QUADS = 16;
/** So many that neither core waits long for the other at the end; each that is begun costs as much as a few positions. */
const MANY_QUADS = 128;
/** Invocations beyond which a pass over single examples gains nothing from more. */
const PLENTY = 2 ** 16;
/** A block leaves two numbers a coordinate: of eight examples and more, these stay well below one for each example. */
const SHORTEST_BLOCK = 8;
/**
 * Where there is room. A block's mean is its first example's gradient and the mean difference from it, which for examples
 * of mean 0 and b in a block of the N rounds to 2.4·b / √(N·positions) times what one accumulator over everything does.
 * The gradient alone may be in several, too: half as many examples in a block keep its mean no worse.
 */
function longestBlock({ images, outHeight, outWidth }: ConvShape): number {
  return Math.max(SHORTEST_BLOCK, Math.floor(Math.sqrt(images * outHeight * outWidth) / 4));
}
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
  /** Operands: `x`, `dy`, `moments` [blocks, 2, P], and `norms` [units, parts] if `parts` is not 0. */
  readonly sums: KernelCall;
  /** Operands: `moments`, `gradient`, `variance`. */
  readonly finish: KernelCall;
  readonly blocks: number;
  /** Parts of each unit's squared norm that the first kernel leaves; 0 if they would take too much room. */
  readonly parts: number;
}

interface ConvMomentsCandidate extends Candidate {
  readonly plan: ConvMomentsPlan;
}

/**
 * Mean and centred squares of the weight gradients of units of `unitSize` consecutive examples, and their squared norms
 * beside.
 * @throws if units of that size do not make up the images
 */
export function planConvMoments(shape: ConvShape, unitSize: number, target: KernelTarget): ConvMomentsPlan {
  // Of single examples a record says nothing of units.
  const demand = convDemand('convMoments', shape, unitSize === 1 ? {} : { unitSize });
  return choose(convMomentsCandidates(shape, unitSize, target), demand, target.choices).plan;
}

/** Every variant of planConvMoments, the default first. */
export function convMomentsCandidates(
  shape: ConvShape,
  unitSize: number,
  target: KernelTarget,
): readonly ConvMomentsCandidate[] {
  const params = convParams(shape);
  const units = unitsOf(shape, unitSize);
  const byTiles = TILES[target.kind].map((tile) => {
    const tiles = tilesOf(shape, tile);
    const split = inBlocks(shape, units, BUSY[target.kind] / tiles);
    const plan = withFinish(shape, units, split, tiles, (norms) => ({
      source: conv2dMoments,
      knobs: { TILE_O: tile, TILE_K: tile, MOMENTS: true, NORMS: norms },
      params: { ...params, unitSize, ...split, tilesPerPart: 1, parts: tiles },
      grid: grid(tiles * split.blocks),
    }));
    return { name: `tiles ${tile}×${tile}`, call: plan.sums, plan };
  });
  const byQuads = (): ConvMomentsCandidate => {
    const { name, knobs, tiles } = weightQuads(shape, target, unitSize);
    const split = inBlocks(shape, units, BUSY_QUADS / tiles);
    const plan = withFinish(shape, units, split, tiles, (norms) => ({
      source: conv2dMomentsQuads,
      knobs: { ...knobs, MOMENTS: true, NORMS: norms },
      params: { ...params, unitSize, ...split },
      grid: [Math.ceil(tiles / (target.subgroupSize / 4)) * split.blocks, 1],
    }));
    return { name, call: plan.sums, plan };
  };
  return withQuads(shape, hasQuads(shape, target) ? byQuads() : null, byTiles);
}

interface Split {
  readonly unitsPerBlock: number;
  readonly blocks: number;
}

function elementsOf({ outChannels, channels, window }: ConvShape): number {
  return outChannels * channels * window.kernelHeight * window.kernelWidth;
}

/** @throws if units of that size do not make up the images */
function unitsOf({ images }: ConvShape, unitSize: number): number {
  const units = images / unitSize;
  if (Number.isInteger(units)) return units;
  throw new Error(`convolution: ${images} images are no whole number of groups of ${unitSize}`);
}

/** As many blocks of units as are wanted, none too short, and no more than there is room for. */
function inBlocks(shape: ConvShape, units: number, busy: number): Split {
  const most = Math.min(units / SHORTEST_BLOCK, LARGEST_SCRATCH / (2 * elementsOf(shape)));
  const wanted = Math.max(
    1,
    Math.floor(Math.min(Math.max(Math.ceil(busy), Math.ceil(units / longestBlock(shape))), most)),
  );
  const unitsPerBlock = Math.ceil(units / wanted);
  return { unitsPerBlock, blocks: Math.ceil(units / unitsPerBlock) };
}

function withFinish(
  shape: ConvShape,
  units: number,
  { unitsPerBlock, blocks }: Split,
  tiles: number,
  sums: (norms: boolean) => KernelCall,
): ConvMomentsPlan {
  const elements = elementsOf(shape);
  const norms = units * tiles <= LARGEST_SCRATCH;
  const params = { elements, blocks, units, unitsPerBlock };
  return {
    sums: sums(norms),
    finish: { source: finish, params, grid: linearGrid(elements) },
    blocks,
    parts: norms ? tiles : 0,
  };
}

/**
 * The weight gradient of every unit of `unitSize` consecutive examples: a block's mean, where each is one of its own. Operands:
 * `x`, `dy`, `moments` [units, 2, P].
 * @throws if units of that size do not make up the images
 */
export function planConvRows(shape: ConvShape, unitSize: number, target: KernelTarget): KernelCall {
  const [tile] = TILES[target.kind];
  const tiles = tilesOf(shape, tile);
  const units = unitsOf(shape, unitSize);
  const split = { unitsPerBlock: 1, blocks: units, tilesPerPart: 1, parts: tiles };
  return {
    source: conv2dMoments,
    knobs: { TILE_O: tile, TILE_K: tile, MOMENTS: true, NORMS: false },
    params: { ...convParams(shape), unitSize, ...split },
    grid: grid(tiles * units),
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
  target: KernelTarget,
): { readonly call: KernelCall; readonly parts: number; readonly form: 'direct' | 'Gram' } {
  const demand = convDemand('convNorms', shape, { unitSize });
  return choose(convNormsCandidates(shape, unitSize, target), demand, target.choices);
}

/**
 * The weight gradient in `blocks` partial sums, bit for bit as `planConvWeightGradient` has it, and the `parts` of each unit's
 * squared norm from the same products; null where no kernel does both, or the norms alone cost little. Operands: `x`, `dy`,
 * `moments` [blocks, P], `norms` [units, parts].
 */
export function planConvGradientAndNorms(
  shape: ConvShape,
  unitSize: number,
  target: KernelTarget,
): { readonly call: KernelCall; readonly blocks: number; readonly parts: number } | null {
  const { call, blocks, quads: parts } = planConvWeightGradient(shape, target);
  const unitsPerBlock = call.params.rowsPerBlock! / (unitSize * shape.outHeight);
  if (!parts || !Number.isInteger(unitsPerBlock)) return null;
  const fits = unitsOf(shape, unitSize) * parts <= LARGEST_SCRATCH;
  if (!fits || planConvNorms(shape, unitSize, target).form === 'Gram') return null;
  return {
    call: {
      source: conv2dMomentsQuads,
      knobs: { ...call.knobs, MOMENTS: false, NORMS: true, GRADIENT: true },
      params: { ...convParams(shape), unitSize, unitsPerBlock, blocks },
      grid: call.grid,
    },
    blocks,
    parts,
  };
}

interface ConvNormsCandidate extends Candidate {
  readonly parts: number;
  readonly form: 'direct' | 'Gram';
}

/** Every variant of planConvNorms, the default first. */
export function convNormsCandidates(
  shape: ConvShape,
  unitSize: number,
  target: KernelTarget,
): readonly ConvNormsCandidate[] {
  const params = convParams(shape);
  const { channels, outChannels, outHeight, outWidth, window } = shape;
  const units = unitsOf(shape, unitSize);
  const byTiles = TILES[target.kind].map((tile): ConvNormsCandidate => {
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
  const byQuads = (): ConvNormsCandidate | null => {
    const { name, knobs, tiles } = weightQuads(shape, target, unitSize);
    if (units * tiles > LARGEST_SCRATCH) return null;
    const unitsPerBlock =
      target.kind === 'cpu' ? Math.ceil((units * tiles) / Math.max(tiles, MANY_QUADS)) : 1;
    const blocks = Math.ceil(units / unitsPerBlock);
    return {
      name: `direct ${name}`,
      call: {
        source: conv2dMomentsQuads,
        knobs: { ...knobs, MOMENTS: false, NORMS: true },
        params: { ...params, unitSize, unitsPerBlock, blocks },
        grid: [Math.ceil(tiles / (target.subgroupSize / 4)) * blocks, 1],
      },
      parts: tiles,
      form: 'direct',
    };
  };
  const direct = withQuads(shape, hasQuads(shape, target) ? byQuads() : null, byTiles);
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
  // Cost model, in multiplications a unit: the gradient takes positions·taps·O. Inner products take (taps + O) for each of
  // positions²/2 pairs, at about twice the cost each, since patches are read twice and shared by smaller tiles.
  return positions * (taps + outChannels) < taps * outChannels ? [gram, ...direct] : [...direct, gram];
}
