import forward from '../../../shaders/conv/conv2dForward.wgsl';
import forwardQuads from '../../../shaders/conv/conv2dForwardSubgroup.wgsl';
import inputGradient from '../../../shaders/conv/conv2dInputGradient.wgsl';
import inputGradientQuads from '../../../shaders/conv/conv2dInputGradientSubgroup.wgsl';
import weightGradient from '../../../shaders/conv/conv2dWeightGradient.wgsl';
import weightGradientQuads from '../../../shaders/conv/conv2dWeightGradientSubgroup.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { bucketOf, type Candidate, choose, type KernelDemand, shapeKey } from '../../gpu/kernelChoice.ts';
import type { KernelTarget } from '../op.ts';
import type { Window2d } from '../window2d.ts';
import { ACTIVATION_NUMBER, type Activation, epilogueKnobs } from './productShape.ts';

/** One replica's convolution: images [images, channels, height, width] → [images, outChannels, outHeight, outWidth]. */
export interface ConvShape {
  readonly images: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly window: Window2d;
}

/** The extents of a convolution of `images` [N, C, H, W] to `outputs` [N, O, H', W']. */
export function convShape(
  images: readonly number[],
  outputs: readonly number[],
  window: Window2d,
): ConvShape {
  const [n, channels, height, width] = images as [number, number, number, number];
  const [, outChannels, outHeight, outWidth] = outputs as [number, number, number, number];
  return { images: n, channels, height, width, outChannels, outHeight, outWidth, window };
}

const THREADS = 64;
/** Invocations that keep a GPU busy, and both cores of a software adapter's machine; not measured on a GPU. */
const BUSY = { gpu: 16_384, cpu: 512 };
/** Tiles of quads that keep both cores busy. */
const BUSY_QUADS = 16;
/** Longest sum of a weight gradient in one accumulator, where blocks are to be had. */
const LONGEST = 4096;
/** Partial weight gradients take at most so many elements (4 MiB a replica), and one pass sums so many. */
const LARGEST_SCRATCH = 2 ** 20;
const MOST_BLOCKS = 256;

/** Parameters that all kernels over this shape have. */
export function convParams({ window, ...extents }: ConvShape): Record<string, number> {
  for (const [name, extent] of Object.entries(extents)) {
    if (!Number.isInteger(extent) || extent < 1) {
      throw new Error(`convolution: ${name} is ${extent}, expected a positive integer`);
    }
  }
  return { ...extents, ...window };
}

/** What a choice among a convolution's kernels is recorded and looked up under. */
export function convDemand(
  family: string,
  shape: ConvShape,
  more: { readonly bias?: boolean; readonly unitSize?: number } = {},
): KernelDemand {
  const { window, images, channels, height, width, outChannels, outHeight, outWidth } = shape;
  const { kernelHeight, kernelWidth, strideHeight, strideWidth } = window;
  const positions = outHeight * outWidth;
  const extents: Record<string, number> = { images, channels, outChannels, positions };
  if (more.unitSize !== undefined) extents.unitSize = more.unitSize;
  const kernel = `kernel ${kernelHeight}×${kernelWidth} stride ${strideHeight}×${strideWidth}`;
  return {
    family,
    shape: { ...shape, ...more },
    key: shapeKey({ images, channels, height, width, outChannels, ...window, ...more }),
    bucket: `${bucketOf(extents)}, ${kernel}`,
  };
}

/** Outputs an invocation, the largest first. */
export const TILES = [
  [8, 8],
  [8, 4],
  [4, 4],
  [2, 2],
] as const;
type Tile = (typeof TILES)[number];

/** Larger tiles read less, smaller ones give more work at once. `times` tiles lie over one another. */
function defaultTile(rows: number, columns: number, { kind }: KernelTarget, times = 1): Tile {
  const fits = ([r, c]: Tile): boolean =>
    rows > r / 2 && columns > c / 2 && Math.ceil(rows / r) * Math.ceil(columns / c) * times >= BUSY[kind];
  return TILES.find(fits) ?? [2, 2];
}

/** One candidate a tile, the default's first. */
function tileCandidates<C extends object>(
  first: Tile,
  make: (tile: Tile) => C & Pick<Candidate, 'call'>,
): readonly (C & Candidate)[] {
  const all = [first, ...TILES.filter(([r, c]) => r !== first[0] || c !== first[1])];
  return all.map((tile) => ({ name: `tiles ${tile[0]}×${tile[1]}`, ...make(tile) }));
}

function grid(rows: number, columns: number, [r, c]: Tile, times = 1): [number, number] {
  return [Math.ceil((Math.ceil(rows / r) * Math.ceil(columns / c) * times) / THREADS), 1];
}

/**
 * Convolutions below this many multiplications share the general kernels, whose pipelines serve every window: one for
 * quads is made for each width and stride.
 */
const SMALL = 2 ** 20;
/** Widest window and stride along a row that are written out in a kernel. */
const WIDEST = { kernel: 7, stride: 3 };

/** Whether there are kernels for quads, as for matmul: on adapters that compute on the CPU. */
export function hasQuads({ window }: ConvShape, { kind, subgroupSize }: KernelTarget): boolean {
  const fits = window.kernelWidth <= WIDEST.kernel && window.strideWidth <= WIDEST.stride;
  return kind === 'cpu' && subgroupSize >= 4 && fits;
}

/** The candidate for quads, if there is one, before the others where it is worth its pipelines, else after them. */
export function withQuads<C>(shape: ConvShape, quads: C | null, others: readonly C[]): readonly C[] {
  if (!quads) return others;
  const { images, channels, outChannels, outHeight, outWidth, window } = shape;
  const taps = channels * window.kernelHeight * window.kernelWidth;
  const products = images * outChannels * outHeight * outWidth * taps;
  return products >= SMALL ? [quads, ...others] : [...others, quads];
}

/** Positions of a row that an invocation takes: 4 to 8, a multiple of `step`, whichever leaves the fewest idle. */
export function pieceOf(width: number, step = 1): number {
  const idle = (piece: number): number => Math.ceil(width / piece) * piece;
  const sizes = [8, 7, 6, 5, 4].filter(
    (piece) => piece % step === 0 && (piece === 4 || piece < width + step),
  );
  return sizes.reduce((best, piece) => (idle(piece) < idle(best) ? piece : best), sizes[0] ?? step);
}

/** Pixels of a whole row times rows of four channels that a lane holds at once. */
const LONGEST_ROW = 24;

/** A quad's workgroups: WIDTH / 4 tiles each. */
function quadGroups(tiles: number, { subgroupSize }: KernelTarget): number {
  return Math.ceil(tiles / (subgroupSize / 4));
}

/** Rows of four channels a tile. Where subgroups are wider than SwiftShader's, more compile for seconds. */
export function channelFours(channels: number, { subgroupSize }: KernelTarget): number {
  const most = subgroupSize > 4 ? 2 : 4;
  return Math.min(most, 2 ** Math.ceil(Math.log2(Math.ceil(channels / 4))));
}

type Knobs = NonNullable<KernelCall['knobs']>;

/** What is fused into a convolution's end. */
export interface ConvEpilogue {
  readonly bias?: boolean;
  readonly addend?: boolean;
  readonly activation?: Activation;
  /** Multiplies by the derivative of an activation, given its output. */
  readonly mask?: Activation;
}

/**
 * y = act(w ∗ x + b + addend)·act′. Operands: `x`, `w`, `y`, and where they are fused `b`, `addend` [images, outChannels,
 * outHeight, outWidth] and `gate`, the output of the activation whose derivative is taken, of that shape too.
 */
export function planConvForward(shape: ConvShape, epilogue: ConvEpilogue, target: KernelTarget): KernelCall {
  const demand = convDemand('conv2d', shape, { bias: epilogue.bias ?? false });
  return choose(convForwardCandidates(shape, epilogue, target), demand, target.choices).call;
}

/** Every variant of planConvForward, the default first. */
export function convForwardCandidates(
  shape: ConvShape,
  epilogue: ConvEpilogue,
  target: KernelTarget,
): readonly Candidate[] {
  const params = convParams(shape);
  const end = epilogueKnobs(epilogue);
  const positions = shape.images * shape.outHeight * shape.outWidth;
  const tiles = tileCandidates(defaultTile(shape.outChannels, positions, target), (tile) => ({
    call: {
      source: forward,
      knobs: { TILE_O: tile[0], TILE_P: tile[1], ...end },
      params,
      grid: grid(shape.outChannels, positions, tile),
    },
  }));
  return withQuads(shape, hasQuads(shape, target) ? forwardByQuads(shape, end, target) : null, tiles);
}

function forwardByQuads(shape: ConvShape, end: Knobs, target: KernelTarget): Candidate {
  const { kernelWidth: KW, strideWidth: SW } = shape.window;
  const TILE_P = pieceOf(shape.outWidth);
  const TILE_Q = channelFours(shape.outChannels, target);
  const pieces = Math.ceil(shape.outWidth / TILE_P) * shape.images * shape.outHeight;
  const tiles = Math.ceil(pieces / 4) * Math.ceil(shape.outChannels / (4 * TILE_Q));
  return {
    name: `quads ${4 * TILE_Q}×${TILE_P}`,
    call: {
      source: forwardQuads,
      knobs: { WIDTH: target.subgroupSize, TILE_Q, TILE_P, KW, SW, SPAN: (TILE_P - 1) * SW + KW, ...end },
      params: convParams(shape),
      grid: [quadGroups(tiles, target), 1],
    },
  };
}

/** What is fused into an input gradient's end: a sum with `addend`, and then the derivative of the activation `mask`. */
export type ConvMask = Pick<ConvEpilogue, 'addend' | 'mask'>;

/**
 * dx of y = w ∗ x, plus `addend`, times the derivative of the activation `mask` at its output. Operands: `dy`, `w`, `dx`, and
 * where they are fused `addend` and `y` [images, channels, height, width].
 */
export function planConvInputGradient(
  shape: ConvShape,
  epilogue: ConvMask,
  target: KernelTarget,
): KernelCall {
  const demand = convDemand('conv2dInputGradient', shape);
  return choose(convInputGradientCandidates(shape, epilogue, target), demand, target.choices).call;
}

/** Every variant of planConvInputGradient, the default first. */
export function convInputGradientCandidates(
  shape: ConvShape,
  { addend = false, mask = 'none' }: ConvMask,
  target: KernelTarget,
): readonly Candidate[] {
  const params = convParams(shape);
  const end = { ADDEND: addend, MASK: ACTIVATION_NUMBER[mask] };
  const { strideHeight, strideWidth } = shape.window;
  const positions =
    shape.images * Math.ceil(shape.height / strideHeight) * Math.ceil(shape.width / strideWidth);
  const classes = strideHeight * strideWidth;
  const tiles = tileCandidates(defaultTile(shape.channels, positions, target, classes), (tile) => ({
    call: {
      source: inputGradient,
      knobs: { TILE_C: tile[0], TILE_P: tile[1], ...end },
      params,
      grid: grid(shape.channels, positions, tile, classes),
    },
  }));
  return withQuads(shape, hasQuads(shape, target) ? inputGradientByQuads(shape, end, target) : null, tiles);
}

function inputGradientByQuads(shape: ConvShape, end: Knobs, target: KernelTarget): Candidate {
  const { kernelWidth: KW, padWidth, strideHeight, strideWidth: SW } = shape.window;
  const width = (padWidth % SW) + shape.width;
  const TILE_Q = channelFours(shape.channels, target);
  const row = Math.ceil(width / SW) * SW;
  // A whole row knows where the outputs end that reach it.
  const whole = target.subgroupSize === 4 && row * TILE_Q <= LONGEST_ROW;
  const TILE_P = whole ? row : pieceOf(width, SW);
  const BACK = Math.ceil((KW - 1) / SW);
  const SPAN = Math.floor((TILE_P - 1) / SW) + BACK + 1;
  const before = BACK - Math.floor(padWidth / SW);
  const [FROM, TO] = whole ? [Math.max(0, before), Math.min(SPAN, shape.outWidth + before)] : [0, SPAN];
  const pieces = Math.ceil(width / TILE_P) * shape.images * Math.ceil(shape.height / strideHeight);
  const tiles = Math.ceil(pieces / 4) * Math.ceil(shape.channels / (4 * TILE_Q));
  return {
    name: `quads ${4 * TILE_Q}×${TILE_P}`,
    call: {
      source: inputGradientQuads,
      knobs: { WIDTH: target.subgroupSize, TILE_Q, TILE_P, KW, SW, BACK, SPAN, FROM, TO, ...end },
      params: convParams(shape),
      grid: [quadGroups(tiles, target) * strideHeight, 1],
    },
  };
}

interface BlockCandidate extends Candidate {
  readonly blocks: number;
  /** How many tiles of quads make up the weight; by other kernels undefined. */
  readonly quads?: number;
}

/**
 * dw of y = w ∗ x, in `blocks` partial sums. Operands: `x`, `dy`, and `dw` [blocks, O, C, kh, kw], which the caller
 * sums over the blocks.
 */
export function planConvWeightGradient(
  shape: ConvShape,
  target: KernelTarget,
): Pick<BlockCandidate, 'call' | 'blocks' | 'quads'> {
  const demand = convDemand('conv2dWeightGradient', shape);
  return choose(convWeightGradientCandidates(shape, target), demand, target.choices);
}

/** Every variant of planConvWeightGradient, the default first; smaller tiles take fewer blocks. */
export function convWeightGradientCandidates(
  shape: ConvShape,
  target: KernelTarget,
): readonly BlockCandidate[] {
  const params = convParams(shape);
  const taps = shape.channels * shape.window.kernelHeight * shape.window.kernelWidth;
  const rows = shape.images * shape.outHeight;
  const most = Math.min(rows, MOST_BLOCKS, Math.floor(LARGEST_SCRATCH / (shape.outChannels * taps)));
  const inBlocks = (busy: number, whole = false): { rowsPerBlock: number; blocks: number } => {
    const longEnough = Math.max(Math.ceil(busy), Math.ceil((rows * shape.outWidth) / LONGEST));
    const wanted = Math.max(1, Math.min(longEnough, most));
    const { images, outHeight } = shape;
    const rowsPerBlock =
      whole && images >= wanted ? Math.ceil(images / wanted) * outHeight : Math.ceil(rows / wanted);
    return { rowsPerBlock, blocks: Math.ceil(rows / rowsPerBlock) };
  };
  const byTiles = tileCandidates(defaultTile(shape.outChannels, taps, target, Math.max(1, most)), (tile) => {
    const tiles = Math.ceil(shape.outChannels / tile[0]) * Math.ceil(taps / tile[1]);
    const split = inBlocks(BUSY[target.kind] / tiles);
    return {
      call: {
        source: weightGradient,
        knobs: { TILE_O: tile[0], TILE_K: tile[1] },
        params: { ...params, ...split },
        grid: grid(shape.outChannels, taps, tile, split.blocks),
      },
      blocks: split.blocks,
    };
  });
  const byQuads = (): BlockCandidate => {
    const { name, knobs, tiles } = weightQuads(shape, target);
    // Of whole images where there are enough: the same pass can then tell their norms (`planConvWatchedGradient`).
    const split = inBlocks(BUSY_QUADS / tiles, true);
    return {
      name,
      call: {
        source: weightGradientQuads,
        knobs,
        params: { ...params, ...split },
        grid: [quadGroups(tiles, target) * split.blocks, 1],
      },
      blocks: split.blocks,
      quads: tiles,
    };
  };
  return withQuads(shape, hasQuads(shape, target) ? byQuads() : null, byTiles);
}

/**
 * The same for a loop over so many rows that begins anew for every unit of examples. A loop costs SwiftShader about one step
 * more than it has, as if its body ran once more with all lanes off (inferred from timings): 8 rows of 8 take 34 ms in
 * steps of 8 and 32 in steps of 4 (2026-11-26).
 */
function pieceOfUnit(width: number, rows: number): number {
  const cost = (piece: number): number => (rows * Math.ceil(width / piece) + 1) * (piece + 0.25);
  const widest = pieceOf(width);
  return cost(4) < cost(widest) ? 4 : widest;
}

/**
 * The tile of a weight gradient by quads: its name, its knobs, and how many make up the weight.
 * @param unitSize examples of a loop of the kernel; all of them by default
 */
export function weightQuads(
  shape: ConvShape,
  target: KernelTarget,
  unitSize = shape.images,
): { readonly name: string; readonly knobs: Readonly<Record<string, number>>; readonly tiles: number } {
  const { channels, outChannels, outHeight, outWidth, window } = shape;
  const { kernelHeight, kernelWidth: KW, strideWidth: SW } = window;
  const rows = channels * kernelHeight;
  // At most so many accumulators a lane: each is written out for every position of a step.
  const most = target.subgroupSize > 4 ? 24 : 48;
  const TILE_Q = outChannels > 4 && 8 * KW <= most ? 2 : 1;
  const TILE_R = rows > 4 && 8 * TILE_Q * KW <= most ? 2 : 1;
  const CHUNK = pieceOfUnit(outWidth, unitSize * outHeight);
  return {
    name: `quads ${4 * TILE_Q}×${4 * TILE_R * KW}`,
    knobs: { WIDTH: target.subgroupSize, TILE_Q, TILE_R, KW, SW, CHUNK, SPAN: (CHUNK - 1) * SW + KW },
    tiles: Math.ceil(outChannels / (4 * TILE_Q)) * Math.ceil(rows / (4 * TILE_R)),
  };
}
