import forward from '../../../shaders/conv/conv2dForward.wgsl';
import inputGradient from '../../../shaders/conv/conv2dInputGradient.wgsl';
import weightGradient from '../../../shaders/conv/conv2dWeightGradient.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { bucketOf, type Candidate, choose, type KernelDemand, shapeKey } from '../../gpu/kernelChoice.ts';
import type { Target } from '../op.ts';
import type { Window2d } from '../window2d.ts';

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

const THREADS = 64;
/** Invocations that keep a GPU busy, and both cores of a software adapter's machine; not measured on a GPU. */
const BUSY = { gpu: 16_384, cpu: 512 };
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
function defaultTile(rows: number, columns: number, { kind }: Target, times = 1): Tile {
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

/** y = w ∗ x + b. Operands: `x`, `w`, `y`, and `b` with a bias. */
export function planConvForward(shape: ConvShape, bias: boolean, target: Target): KernelCall {
  const demand = convDemand('conv2d', shape, { bias });
  return choose(convForwardCandidates(shape, bias, target), demand, target.choices).call;
}

/** Every variant of planConvForward, the default first. */
export function convForwardCandidates(shape: ConvShape, bias: boolean, target: Target): readonly Candidate[] {
  const params = { ...convParams(shape), bias: bias ? 1 : 0 };
  const positions = shape.images * shape.outHeight * shape.outWidth;
  return tileCandidates(defaultTile(shape.outChannels, positions, target), (tile) => ({
    call: {
      source: forward,
      knobs: { TILE_O: tile[0], TILE_P: tile[1] },
      params,
      grid: grid(shape.outChannels, positions, tile),
    },
  }));
}

/** dx of y = w ∗ x. Operands: `dy`, `w`, `dx`. */
export function planConvInputGradient(shape: ConvShape, target: Target): KernelCall {
  const demand = convDemand('conv2dInputGradient', shape);
  return choose(convInputGradientCandidates(shape, target), demand, target.choices).call;
}

/** Every variant of planConvInputGradient, the default first. */
export function convInputGradientCandidates(shape: ConvShape, target: Target): readonly Candidate[] {
  const params = convParams(shape);
  const { strideHeight, strideWidth } = shape.window;
  const positions =
    shape.images * Math.ceil(shape.height / strideHeight) * Math.ceil(shape.width / strideWidth);
  const classes = strideHeight * strideWidth;
  return tileCandidates(defaultTile(shape.channels, positions, target, classes), (tile) => ({
    call: {
      source: inputGradient,
      knobs: { TILE_C: tile[0], TILE_P: tile[1] },
      params,
      grid: grid(shape.channels, positions, tile, classes),
    },
  }));
}

interface BlockCandidate extends Candidate {
  readonly blocks: number;
}

/**
 * dw of y = w ∗ x, in `blocks` partial sums. Operands: `x`, `dy`, and `dw` [blocks, O, C, kh, kw], which the caller
 * sums over the blocks.
 */
export function planConvWeightGradient(
  shape: ConvShape,
  target: Target,
): { readonly call: KernelCall; readonly blocks: number } {
  const demand = convDemand('conv2dWeightGradient', shape);
  return choose(convWeightGradientCandidates(shape, target), demand, target.choices);
}

/** Every variant of planConvWeightGradient, the default first; smaller tiles take fewer blocks. */
export function convWeightGradientCandidates(shape: ConvShape, target: Target): readonly BlockCandidate[] {
  const params = convParams(shape);
  const taps = shape.channels * shape.window.kernelHeight * shape.window.kernelWidth;
  const rows = shape.images * shape.outHeight;
  const most = Math.min(rows, MOST_BLOCKS, Math.floor(LARGEST_SCRATCH / (shape.outChannels * taps)));
  return tileCandidates(defaultTile(shape.outChannels, taps, target, Math.max(1, most)), (tile) => {
    const tiles = Math.ceil(shape.outChannels / tile[0]) * Math.ceil(taps / tile[1]);
    const wanted = Math.max(
      Math.ceil(BUSY[target.kind] / tiles),
      Math.ceil((rows * shape.outWidth) / LONGEST),
    );
    const rowsPerBlock = Math.ceil(rows / Math.max(1, Math.min(wanted, most)));
    const blocks = Math.ceil(rows / rowsPerBlock);
    return {
      call: {
        source: weightGradient,
        knobs: { TILE_O: tile[0], TILE_K: tile[1] },
        params: { ...params, rowsPerBlock, blocks },
        grid: grid(shape.outChannels, taps, tile, blocks),
      },
      blocks,
    };
  });
}
