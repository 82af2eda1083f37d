import matmulNN from '../../../shaders/matmul/matmulRegister.wgsl?NN';
import matmulNT from '../../../shaders/matmul/matmulRegister.wgsl?NT';
import matmulTN from '../../../shaders/matmul/matmulRegister.wgsl?TN';
import matmulNNVec4 from '../../../shaders/matmul/matmulRegisterVec4.wgsl?vec4&NN';
import matmulNTVec4 from '../../../shaders/matmul/matmulRegisterVec4.wgsl?vec4&NT';
import matmulStrided from '../../../shaders/matmul/matmulStrided.wgsl';
import matmulSubgroup from '../../../shaders/matmul/matmulSubgroup.wgsl';
import matmulTNVec4 from '../../../shaders/matmul/matmulTNVec4.wgsl?vec4';
import matmulVec4Subgroup from '../../../shaders/matmul/matmulVec4Subgroup.wgsl?vec4';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { bucketOf, type Candidate, choose, type KernelDemand, shapeKey } from '../../gpu/kernelChoice.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import type { KernelTarget } from '../op.ts';
import { batchedCandidates } from './batchedPlan.ts';
import { isLarge, largeCandidates } from './largePlan.ts';
import { BUSY } from './linearGrid.ts';
import { isMatvec, matvecCandidates, matvecRegisterCandidate } from './matvecPlan.ts';
import {
  ACTIVATION_NUMBER,
  type Activation,
  formKnobs,
  isPlain,
  type MatmulCandidate,
  type MatmulForm,
  type MatmulShape,
  tileParams,
} from './productShape.ts';
import { smallCandidates } from './smallPlan.ts';
import { splitCandidates } from './splitPlan.ts';
import { suitsTiles, tiledCandidates } from './tiledPlan.ts';

export type { Activation, MatmulCandidate, MatmulForm, MatmulShape };

const GENERAL: Record<MatmulForm, KernelSource> = { NN: matmulNN, NT: matmulNT, TN: matmulTN };
const VEC4: Record<MatmulForm, KernelSource> = { NN: matmulNNVec4, NT: matmulNTVec4, TN: matmulTNVec4 };
const FORM: Record<MatmulForm, number> = { NN: 0, NT: 1, TN: 2 };
const THREADS = 64;
/**
 * On adapters that compute on the CPU, products of fewer multiplications share one small pipeline, which compiles in a
 * third of the time: those that come in fours, and others.
 */
const SMALL = { fours: 2 ** 17, ragged: 2 ** 20 };

/**
 * Chooses kernel, variant and grid for a product. It depends on one replica's shape, the adapter and the target's choices
 * only, so that a replica's bits do not depend on how many run beside it.
 * @throws if an extent is no positive integer, or column sums are asked of another form than TN.
 */
export function planMatmul(shape: MatmulShape, target: KernelTarget): MatmulCandidate {
  return choose(matmulCandidates(shape, target), matmulDemand(shape), target.choices);
}

/** What a product's choice is recorded and looked up under; what is fused into it makes no other bucket. */
export function matmulDemand(shape: MatmulShape): KernelDemand {
  const { form, m, n, k, bias, activation, mask = 'none', columnSum, addend, k2, batch } = shape;
  const fused = { bias, addend, activation, mask: mask === 'none' ? '' : `mask ${mask}`, columnSum };
  // A batch's key has its strides too: they decide whether it can be read in fours.
  const strided = batch && `batch ${batch.outer}·${batch.inner} a ${batch.a} b ${batch.b}`;
  const others = `${k2 === undefined ? '' : ', pair'}${batch ? `, ${bucketOf({ batch: batch.outer * batch.inner })}` : ''}`;
  return {
    family: 'matmul',
    shape,
    key: shapeKey({ form, m, n, k, k2, batch: strided, ...fused }),
    bucket: `${form} ${bucketOf({ m, n, k })}${columnSum ? ', columnSum' : ''}${others}`,
  };
}

/**
 * Every variant that computes a product on an adapter, the default first. Quads are for adapters that compute on the
 * CPU: elsewhere nothing promises that invocations 4i to 4i + 3 of a workgroup are a quad.
 * @throws if an extent is no positive integer, or column sums are asked of another form than TN.
 */
export function matmulCandidates(shape: MatmulShape, target: KernelTarget): readonly MatmulCandidate[] {
  const { form, m, n, k, k2 = 1, columnSum = false } = shape;
  for (const [name, extent] of Object.entries({ m, n, k, k2 })) {
    if (!Number.isInteger(extent) || extent < 1) {
      throw new Error(`matmul ${form}: ${name} is ${extent}, expected a positive integer`);
    }
  }
  if (columnSum && form !== 'TN') throw new Error(`matmul ${form}: column sums belong to the form TN`);
  return target.kind === 'cpu' ? cpuCandidates(shape, target) : gpuCandidates(shape, target);
}

/** Vectors, then a split k, then workgroup tiles where there is enough for these; register tiles for what is small. */
function gpuCandidates(shape: MatmulShape, target: KernelTarget): readonly MatmulCandidate[] {
  const registers = isPlain(shape) ? plainCandidates(shape, target) : batchedCandidates(shape, 'gpu');
  const tiled = shape.k >= 16 && Math.min(shape.m, shape.n) >= 4 ? tiledCandidates(shape) : [];
  const large = largeCandidates(shape);
  const staged = isLarge(shape) ? [...large, ...tiled] : [...tiled, ...large];
  const ranked = suitsTiles(shape) ? [...staged, ...registers] : [...registers, ...staged];
  return [...splitCandidates(shape), ...(isMatvec(shape) ? matvecCandidates(shape) : []), ...ranked];
}

/** Never kernels with barriers: software adapters take a second to compile one, and run it slower than registers. */
function cpuCandidates(shape: MatmulShape, target: KernelTarget): readonly MatmulCandidate[] {
  const vector = isMatvec(shape) && !shape.batch && shape.parts === undefined;
  return [
    ...(vector ? [matvecRegisterCandidate(shape)] : []),
    ...(isPlain(shape) ? plainCandidates(shape, target) : batchedCandidates(shape, 'cpu')),
  ];
}

/** One product with bias, activation, mask or column sums, in registers. */
function plainCandidates(shape: MatmulShape, target: KernelTarget): readonly MatmulCandidate[] {
  const cpu = target.kind === 'cpu';
  const quads = cpu && target.subgroupSize >= 4;
  const first = cpu ? defaultOnCpu(shape, target) : defaultOnGpu(shape);
  const all = [
    ...(cpu ? smallCandidates(shape) : []),
    ...(cpu ? STRIDED_TILES.map((tile) => strided(shape, tile, target)) : []),
    ...(quads ? QUAD_TILES.map((tile) => anyFormQuads(shape, tile, target)) : []),
    ...(quads && inFoursForQuads(shape)
      ? QUAD_TILES_IN_FOURS.map((tile) => quadsInFours(shape, tile, target))
      : []),
    ...TILES.map((tile) => tiles(shape, tile)),
    ...(inFoursForVec4(shape) ? FOURS.map((fours) => vec4(shape, fours)) : []),
  ];
  return [first, ...all.filter(({ name }) => name !== first.name)];
}

/** Rows and columns of an invocation's tile, for small products. */
const STRIDED_TILES = [
  [2, 2],
  [4, 4],
  [4, 8],
] as const;
/**
 * What stands in for tiles of 4 × 8, and compiles in half of the time: 35 for 65 ms (SwiftShader, two cores, 2026-11-27). All give the
 * same bits: an output has one accumulator.
 */
const SOON_STRIDED = [2, 2] as const;
/** TILE_Q and TILE_N: a quad's tile is four times as large both ways. */
const QUAD_TILES = [
  [2, 4],
  [4, 4],
] as const;
/** LANES and FOURS_N: a quad's tile is 4 and 16 times as large. All give the same bits. */
type QuadTile = readonly [number, number];
const QUAD_TILES_IN_FOURS: readonly QuadTile[] = [
  [2, 1],
  [4, 1],
  [4, 2],
];
/**
 * Products of fewer multiplications begin with quads of 8 × 16 where larger ones are planned: these compile in less than half
 * of the time of 16 × 32 (60 to 145 ms) and take 1.3 times as long to run (SwiftShader, two cores, 2026-11-27). Above, a run
 * takes longer than that compilation.
 */
const SOON = 2 ** 26;
/** Rows and columns of an invocation's tile. */
const TILES = [1, 2, 4, 8] as const;
/** The same, in fours. */
const FOURS = [1, 2] as const;

/** Small products share one pipeline whatever their form, and so do large ones in fours. */
function defaultOnCpu(shape: MatmulShape, target: KernelTarget): Candidate {
  const { m, n, k } = shape;
  const { subgroupSize } = target;
  const fours = inFoursForQuads(shape);
  if (m * n * k < SMALL[fours ? 'fours' : 'ragged']) {
    // Where subgroups are wider than SwiftShader's, 4 × 4 compiles for a second longer.
    if (subgroupSize > 4) return strided(shape, SOON_STRIDED, target);
    return smallCandidates(shape)[0] ?? strided(shape, [4, 8], target);
  }
  if (subgroupSize >= 4) {
    // And 16 × 32 for seconds.
    return fours
      ? quadsInFours(shape, [4, subgroupSize > 4 ? 1 : 2], target)
      : anyFormQuads(shape, [4, 4], target);
  }
  return inFoursForVec4(shape) ? vec4(shape, 2) : tiles(shape, m * n >= 2048 ? 8 : 4);
}

function inFoursForQuads({ form, m, n, k }: MatmulShape): boolean {
  return n % 4 === 0 && k % 4 === 0 && (form !== 'TN' || m % 4 === 0);
}

/** One invocation a tile, form and epilogue chosen at run time. */
function strided(
  shape: MatmulShape,
  [TILE_M, TILE_N]: readonly [number, number],
  { subgroupSize }: KernelTarget,
): Candidate {
  const { m, n } = shape;
  const WIDTH = Math.max(4, subgroupSize);
  const variant = ([TILE_M, TILE_N]: readonly [number, number]): Pick<KernelCall, 'knobs' | 'grid'> => ({
    knobs: { WIDTH, TILE_M, TILE_N, SMOOTH: isSmooth(shape) },
    grid: [Math.ceil((Math.ceil(m / TILE_M) * Math.ceil(n / TILE_N)) / WIDTH), 1],
  });
  return {
    name: `strided ${TILE_M}×${TILE_N}`,
    call: {
      source: matmulStrided,
      params: runTimeParams(shape),
      ...variant([TILE_M, TILE_N]),
      ...(subgroupSize === 4 && TILE_N > 4 && { standIn: variant(SOON_STRIDED) }),
    },
  };
}

/** Four invocations a tile: for adapters that compute on the CPU, where loads are dear and subgroups small. */
function anyFormQuads(
  shape: MatmulShape,
  [TILE_Q, TILE_N]: readonly [number, number],
  { subgroupSize: WIDTH }: KernelTarget,
): Candidate {
  return {
    name: `any-form quads ${4 * TILE_Q}×${4 * TILE_N}`,
    call: {
      source: matmulSubgroup,
      knobs: { WIDTH, TILE_Q, TILE_N, SMOOTH: isSmooth(shape) },
      params: runTimeParams(shape),
      grid: quadGrid(shape, 4 * TILE_Q, 4 * TILE_N, WIDTH, WIDTH),
    },
  };
}

/** @param lanes of a quad that bring four rows each; @param fours of columns that each lane has */
function quadsInFours(
  shape: MatmulShape,
  [lanes, fours]: QuadTile,
  { subgroupSize: WIDTH }: KernelTarget,
): Candidate {
  const variant = ([LANES, FOURS_N]: QuadTile): Pick<KernelCall, 'knobs' | 'grid'> => ({
    knobs: { WIDTH, LANES, FOURS_N, SMOOTH: isSmooth(shape) },
    grid: quadGrid(shape, 4 * LANES, 16 * FOURS_N, WIDTH, 4 * WIDTH),
  });
  const { m, n, k } = shape;
  // That bits are the same was seen on SwiftShader, whose subgroups are quads.
  const begins = WIDTH === 4 && lanes * fours > 2 && m * n * k < SOON;
  return {
    name: `quads ${4 * lanes}×${16 * fours}`,
    call: {
      source: matmulVec4Subgroup,
      params: runTimeParams(shape),
      ...variant([lanes, fours]),
      ...(begins && { standIn: variant([2, 1]) }),
    },
  };
}

/** @param sumsPerGroup column sums that a workgroup takes on */
function quadGrid(
  { m, n, columnSum = false }: MatmulShape,
  rows: number,
  columns: number,
  width: number,
  sumsPerGroup: number,
): readonly [number, number] {
  const count = Math.ceil(m / rows) * Math.ceil(n / columns);
  return [Math.ceil(count / (width / 4)) + (columnSum ? Math.ceil(m / sumsPerGroup) : 0), 1];
}

/** Whether tanh and sigmoid must be compiled in. */
function isSmooth({ activation, mask }: MatmulShape): boolean {
  return [activation, mask].some((each) => each === 'tanh' || each === 'sigmoid');
}

/** Parameters of kernels that choose form and epilogue at run time. */
function runTimeParams(shape: MatmulShape): Record<string, number> {
  const { form, m, n, k, bias = false, activation = 'none', mask = 'none', columnSum = false } = shape;
  return {
    m,
    n,
    k,
    form: FORM[form],
    bias: bias ? 1 : 0,
    activation: ACTIVATION_NUMBER[activation],
    mask: ACTIVATION_NUMBER[mask],
    ...strides(shape),
    columnSum: columnSum ? 1 : 0,
    columnSumOffset: 0,
  };
}

/** Distances between rows and along k of op(A), and between columns and along k of op(B). */
function strides({ form, m, n, k }: MatmulShape): Record<string, number> {
  const [aRow, aStep] = form === 'TN' ? [1, m] : [k, 1];
  const [bColumn, bStep] = form === 'NT' ? [k, 1] : [1, n];
  return { aRow, aStep, bColumn, bStep };
}

function defaultOnGpu(shape: MatmulShape): Candidate {
  const { m, n } = shape;
  const count = (tile: number): number => Math.ceil(m / tile) * Math.ceil(n / tile);
  if (inFoursForVec4(shape) && count(4) >= BUSY / 4) return vec4(shape, count(8) >= BUSY ? 2 : 1);
  // Large tiles read less, small ones give more work at once.
  return tiles(shape, [4, 2].find((tile) => count(tile) >= BUSY) ?? 1);
}

function inFoursForVec4({ form, m, n, k }: MatmulShape): boolean {
  return n % 4 === 0 && (form === 'TN' ? m % 4 === 0 : k % 4 === 0);
}

function vec4(shape: MatmulShape, fours: number): Candidate {
  const { form, m, n, columnSum = false } = shape;
  const groups = Math.ceil(m / (32 * fours)) * Math.ceil(n / (32 * fours));
  return {
    name: `vec4 ${4 * fours}×${4 * fours}`,
    call: {
      source: VEC4[form],
      knobs: {
        ...(form === 'TN' ? { FOURS_M: fours } : { TILE_M: 4 * fours }),
        FOURS_N: fours,
        ...formKnobs(shape),
      },
      params: tileParams(shape),
      grid: [groups + (columnSum ? Math.ceil(m / (4 * THREADS)) : 0), 1],
    },
  };
}

function tiles(shape: MatmulShape, tile: number): Candidate {
  const { form, m, n, columnSum = false } = shape;
  const count = Math.ceil(m / tile) * Math.ceil(n / tile);
  return {
    name: `tiles ${tile}×${tile}`,
    call: {
      source: GENERAL[form],
      knobs: { TILE_M: tile, TILE_N: tile, ...formKnobs(shape) },
      params: tileParams(shape),
      grid: [Math.ceil(count / THREADS) + (columnSum ? Math.ceil(m / THREADS) : 0), 1],
    },
  };
}
