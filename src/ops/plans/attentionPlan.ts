import attention from '../../../shaders/attention/attention.wgsl';
import attentionTiled from '../../../shaders/attention/attention.wgsl?tiled';
import attentionTiledVec4 from '../../../shaders/attention/attention.wgsl?tiled&vec4';
import attentionVec4 from '../../../shaders/attention/attention.wgsl?vec4';
import keys from '../../../shaders/attention/attentionKeys.wgsl';
import keysTiled from '../../../shaders/attention/attentionKeys.wgsl?tiled';
import keysTiledVec4 from '../../../shaders/attention/attentionKeys.wgsl?tiled&vec4';
import keysVec4 from '../../../shaders/attention/attentionKeys.wgsl?vec4';
import queries from '../../../shaders/attention/attentionQueries.wgsl';
import queriesTiled from '../../../shaders/attention/attentionQueries.wgsl?tiled';
import queriesTiledVec4 from '../../../shaders/attention/attentionQueries.wgsl?tiled&vec4';
import queriesVec4 from '../../../shaders/attention/attentionQueries.wgsl?vec4';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import type { KernelTarget } from '../op.ts';
import { BUSY } from './linearGrid.ts';

/** One replica's attention: so many matrices [places, width] of queries, keys and values. */
export interface AttentionShape {
  readonly matrices: number;
  readonly places: number;
  readonly width: number;
  readonly causal: boolean;
  /** Of the scores. */
  readonly scale: number;
  /**
   * So many heads lie side by side in a row, queries, keys and values too: these are of one tensor [examples, places, 3, heads, width], and
   * the results of one [examples, places, heads, width]. Left out, there is a tensor [matrices, places, width] of each.
   */
  readonly heads?: number;
}

/** Where queries, keys and values lie, and results: distances in numbers from one row, head or example to the next. */
function strides({ places, width, heads }: AttentionShape): Readonly<Record<string, number>> {
  if (heads === undefined) {
    const dense = { row: width, head: 0, example: places * width };
    return {
      ...{ heads: 1, keysAt: 0, valuesAt: 0 },
      ...dense,
      ...{ oRow: dense.row, oHead: dense.head, oExample: dense.example },
    };
  }
  const all = heads * width;
  return {
    ...{ heads, keysAt: all, valuesAt: 2 * all },
    ...{ row: 3 * all, head: width, example: places * 3 * all },
    ...{ oRow: all, oHead: width, oExample: places * all },
  };
}

/** Numbers of a row that an invocation can have in registers. */
export const WIDEST_ATTENTION = 64;

/** A kernel in its four variants. */
interface Family {
  readonly plain: KernelSource;
  readonly vec4: KernelSource;
  readonly tiled: KernelSource;
  readonly tiledVec4: KernelSource;
}

const FORWARD: Family = {
  plain: attention,
  vec4: attentionVec4,
  tiled: attentionTiled,
  tiledVec4: attentionTiledVec4,
};
const QUERIES: Family = {
  plain: queries,
  vec4: queriesVec4,
  tiled: queriesTiled,
  tiledVec4: queriesTiledVec4,
};
const KEYS: Family = { plain: keys, vec4: keysVec4, tiled: keysTiled, tiledVec4: keysTiledVec4 };

/** Fours of numbers that are staged in workgroup memory of one operand. */
const STAGED = 512;

/** Which variant of a kernel, and how the work is cut. */
export interface AttentionVariant {
  /** Rows of an invocation. */
  readonly rows: number;
  /** Forwards: keys whose maximum is found at once. */
  readonly keys?: number;
  /** Numbers are read four at a time: the width is divisible by four. */
  readonly vec4: boolean;
  /** What the rows share is staged in workgroup memory. */
  readonly tiled: boolean;
}

function call(
  family: Family,
  knob: 'QUERIES' | 'KEYS',
  shape: AttentionShape,
  { rows, keys, vec4, tiled }: AttentionVariant,
): KernelCall {
  const { matrices, places, width, causal, scale } = shape;
  const fours = Math.ceil(width / 4);
  const threads = tiled ? 64 : 16;
  const unit = keys ?? 1;
  const blocks = Math.ceil(places / rows);
  return {
    source: tiled ? (vec4 ? family.tiledVec4 : family.tiled) : vec4 ? family.vec4 : family.plain,
    knobs: {
      WIDTH: width,
      FOURS: fours,
      [knob]: rows,
      ...(keys === undefined ? {} : { KEYS: keys }),
      THREADS: threads,
      CAUSAL: causal,
      PHASES: unit === 1 && (rows === 1 || !causal) ? 1 : 2,
      ...(tiled ? { TILE: Math.floor(Math.min(64, STAGED / fours) / unit) * unit } : {}),
    },
    params: { matrices, places, scale, ...strides(shape) },
    grid: [tiled ? matrices * Math.ceil(blocks / threads) : Math.ceil((matrices * blocks) / threads), 1],
  };
}

/**
 * Fours of numbers of an invocation's rows of one operand, forwards and backwards. On SwiftShader the time falls a little further beyond
 * these, and what is unrolled takes three times as long to compile: 5 to 15 s (two cores, 2026-11-28). GPUs have not been measured.
 */
const ROOM = { forward: { cpu: 32, gpu: 16 }, backward: { cpu: 16, gpu: 16 } } as const;

/**
 * Rows of an invocation: more of them read what they share less often, as long as their numbers find room, they are not more than there
 * are, and, on a GPU, there are enough invocations.
 */
function rowsEach(
  { matrices, places, width }: AttentionShape,
  pass: keyof typeof ROOM,
  kind: KernelTarget['kind'],
): number {
  const fours = Math.ceil(width / 4);
  const fits = (rows: number): boolean =>
    rows * fours <= ROOM[pass][kind] &&
    rows < 2 * places &&
    (kind === 'cpu' || matrices * Math.ceil(places / rows) >= BUSY);
  return [4, 2].find(fits) ?? 1;
}

function variantOf(
  shape: AttentionShape,
  pass: keyof typeof ROOM,
  { kind }: Pick<KernelTarget, 'kind'>,
): AttentionVariant {
  return { rows: rowsEach(shape, pass, kind), vec4: shape.width % 4 === 0, tiled: kind === 'gpu' };
}

/** Operands: `q`, `k`, `v`; `o` and `l`. */
export function planAttention(shape: AttentionShape, target: Pick<KernelTarget, 'kind'>): KernelCall {
  // One at a time are the quickest on SwiftShader.
  const keys = target.kind === 'cpu' ? 1 : shape.width <= 32 ? 4 : 2;
  return forwardCall(shape, { ...variantOf(shape, 'forward', target), keys });
}

/** The same in a given variant. */
export function forwardCall(shape: AttentionShape, variant: AttentionVariant): KernelCall {
  return call(FORWARD, 'QUERIES', shape, variant);
}

/** Operands: `q`, `k`, `v`, `o`, `d`, `l`; `dq` and `delta`. */
export function planAttentionQueries(shape: AttentionShape, target: Pick<KernelTarget, 'kind'>): KernelCall {
  return call(QUERIES, 'QUERIES', shape, variantOf(shape, 'backward', target));
}

/**
 * Operands: `q`, `k`, `v`, `d`, `l`, `delta`; `sums`.
 * @param at where in the buffer of `sums` the gradients begin
 */
export function planAttentionKeys(
  shape: AttentionShape,
  at: { readonly dkAt: number; readonly dvAt: number },
  target: Pick<KernelTarget, 'kind'>,
): KernelCall {
  const made = call(KEYS, 'KEYS', shape, variantOf(shape, 'backward', target));
  return { ...made, params: { ...made.params, ...at } };
}
