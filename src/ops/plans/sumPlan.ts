import sumKernel from '../../../shaders/reduce/sum.wgsl';
import sumCompensated from '../../../shaders/reduce/sumCompensated.wgsl';
import sumTree from '../../../shaders/reduce/sumTree.wgsl';
import sumTreeSubgroup from '../../../shaders/reduce/sumTreeSubgroup.wgsl';
import sumVec4 from '../../../shaders/reduce/sumVec4.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { bucketOf, type Candidate, choose, type KernelDemand, shapeKey } from '../../gpu/kernelChoice.ts';
import type { KernelTarget } from '../op.ts';
import { BUSY, linearGrid, rowGrid } from './linearGrid.ts';

/** x seen as [outer, reduced, inner], summed over the middle. */
export interface SumShape {
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
}

export interface SumTerms {
  /** The elements, their products with those of a second operand, or their squares. */
  readonly terms?: 'plain' | 'product' | 'square';
  /** The second operand is one row [reduced], the same for all of `outer`. */
  readonly sharedRow?: boolean;
}

/** One dispatch of a reduction in several, and the shape of what it leaves: [outer, chunks, inner]. */
export interface SumStage {
  readonly call: KernelCall;
  readonly chunks: number;
}

/** Longest run that one thread adds up one by one: beyond it a second pass is both faster and more accurate. */
const LONGEST_CHUNK = 512;
/** The same in vectors of four, for the kernels that add four of them at a time. */
const LONGEST_VECTORS = 1024;

/** Sums that one thread of a CPU adds up at the end. */
const LONGEST_CARRIED = 1024;

/** A way to sum: all of its passes, `call` being the first one. */
export interface SumCandidate extends Candidate {
  readonly passes: readonly SumStage[];
}

/**
 * One or more passes that sum [outer, reduced, inner] over the middle, each with the shape of what it leaves:
 * [outer, chunks, inner]. The order of the sum depends on the shape, the adapter and the target's choices only.
 */
export function planSum(shape: SumShape, target: KernelTarget, terms: SumTerms = {}): readonly SumStage[] {
  return choose(sumCandidates(shape, target, terms), sumDemand(shape, terms), target.choices).passes;
}

/** What a sum's choice is recorded and looked up under. */
export function sumDemand(
  shape: SumShape,
  { terms = 'plain', sharedRow = false }: SumTerms = {},
): KernelDemand {
  const { outer, reduced, inner } = shape;
  return {
    family: 'sum',
    shape: { ...shape, terms, sharedRow },
    key: shapeKey({ terms, outer, reduced, inner, sharedRow }),
    bucket: `${terms} ${bucketOf({ outer, reduced, inner })}`,
  };
}

/**
 * Every variant of a sum, the default first: the kernels there are for its shape, with chunks a quarter as long, as long as
 * the planner would have them, and four times as long. The passes over what the first one leaves are the planner's own.
 */
export function sumCandidates(
  shape: SumShape,
  target: KernelTarget,
  { terms = 'plain', sharedRow = false }: SumTerms = {},
): readonly SumCandidate[] {
  const knobs = { PRODUCT: terms === 'product', SQUARE: terms === 'square' };
  const { outer, reduced, inner } = shape;
  const inFours = inner === 1 && (outer === 1 || reduced % 4 === 0) && reduced >= 16;
  const general: Way = { name: 'element by element', plan: planGeneral };
  const fours: Way = { name: 'in fours', plan: planVec4 };
  const teams: Way = { name: 'by teams', plan: planTree };
  // Never barriers on a CPU.
  const ways = !inFours ? [general] : target.kind === 'gpu' ? [teams, fours, general] : [fours, general];
  const candidates: SumCandidate[] = [];
  const chosen = new Set<string>();
  for (const { name, plan } of ways) {
    for (const [times, suffix] of LENGTHS) {
      const { chunks, chunk, ...call } = plan(shape, target, times);
      // Where a quarter is a whole chunk already, or a chunk all there is, it is the same again.
      const same = `${name} ${chunk}`;
      if (chosen.has(same)) continue;
      chosen.add(same);
      const params = { outer, reduced, inner, chunk, chunks, wRow: sharedRow ? 0 : reduced * inner };
      const pass = { call: { ...call, knobs: { ...call.knobs, ...knobs }, params }, chunks };
      const rest = chunks === 1 ? [] : planRest({ outer, reduced: chunks, inner }, target);
      candidates.push({ name: `${name}${suffix}`, call: pass.call, passes: [pass, ...rest] });
    }
  }
  return candidates;
}

/**
 * Passes over what a first one left. Instead of two or more to a scalar, one thread of a CPU carries the rounding errors of the
 * last additions along, which are as large as the result. A GPU's threads would wait for it.
 */
function planRest(shape: SumShape, target: KernelTarget): readonly SumStage[] {
  const passes = sumCandidates(shape, target)[0]!.passes;
  const { outer, reduced, inner } = shape;
  const carried =
    target.kind === 'cpu' && outer * inner === 1 && passes.length > 1 && reduced <= LONGEST_CARRIED;
  return carried ? [planCarried(reduced)] : passes;
}

/** A compensated sum of `reduced` elements by one thread. Operands: `x`, `y`. */
function planCarried(reduced: number): SumStage {
  return {
    call: {
      source: sumCompensated,
      knobs: { PARTIAL: false, LAST: true, INTERLEAVED: false },
      params: { reduced, chunk: reduced, chunks: 1, zero: 0 },
      grid: linearGrid(1),
    },
    chunks: 1,
  };
}

/** Chunks of a variant over those of the planner. */
const LENGTHS = [
  [1, ''],
  [1 / 4, ', chunks ÷ 4'],
  [4, ', chunks × 4'],
] as const;

/** A kernel, and how it cuts a shape into chunks `times` as long as is its custom. */
interface Way {
  readonly name: string;
  plan(shape: SumShape, target: KernelTarget, times: number): Choice;
}

type Choice = Pick<KernelCall, 'source' | 'knobs' | 'grid'> & {
  readonly chunk: number;
  readonly chunks: number;
};

/** One thread a chunk, element by element: any shape. */
function planGeneral({ outer, reduced, inner }: SumShape, { kind }: KernelTarget, times: number): Choice {
  const chunk = scaled(generalChunk(outer * inner, reduced, kind), times, reduced);
  const chunks = Math.max(1, Math.ceil(reduced / chunk));
  return { source: sumKernel, chunk, chunks, grid: linearGrid(outer * chunks * inner) };
}

function generalChunk(outputs: number, reduced: number, kind: KernelTarget['kind']): number {
  // A GPU wants more threads than a matrix has columns.
  if (kind === 'gpu' && outputs * Math.ceil(reduced / LONGEST_CHUNK) < BUSY) {
    return Math.min(LONGEST_CHUNK, Math.max(32, Math.ceil((outputs * reduced) / BUSY)));
  }
  if (reduced <= LONGEST_CHUNK) return Math.max(1, reduced);
  return Math.min(LONGEST_CHUNK, Math.max(16, Math.ceil(Math.sqrt(reduced / 4)) * 4));
}

/** A chunk of another length, at least four and at most all there is. */
function scaled(chunk: number, times: number, all: number): number {
  return times === 1 ? chunk : Math.min(Math.max(1, all), Math.max(4, Math.ceil(chunk * times)));
}

/** One thread a chunk, four vectors at a time. */
function planVec4({ outer, reduced }: SumShape, _: KernelTarget, times: number): Choice {
  const vectors = Math.ceil(reduced / 4);
  // Rows enough to keep every core busy need no chunks but for accuracy.
  const longest = outer >= 64 ? LONGEST_VECTORS : LONGEST_CHUNK / 4;
  const wanted =
    vectors <= longest ? vectors : Math.min(LONGEST_VECTORS, Math.ceil(Math.sqrt(vectors) / 4) * 4);
  const chunk = scaled(wanted, times, vectors);
  const chunks = Math.ceil(vectors / chunk);
  return { source: sumVec4, chunk, chunks, grid: rowGrid(outer * chunks) };
}

/** A team of threads a chunk. Sizes are chosen from what GPUs commonly want; they were not measured on one. */
function planTree({ outer, reduced }: SumShape, { subgroups }: KernelTarget, times: number): Choice {
  const vectors = Math.ceil(reduced / 4);
  const TEAM = vectors <= 256 ? 32 : 256;
  const perLane = Math.min(64, Math.max(4, Math.ceil((outer * vectors) / (4 * BUSY))));
  const chunk = times * (TEAM === 32 ? 256 : TEAM * perLane);
  const chunks = Math.ceil(vectors / chunk);
  return {
    source: subgroups ? sumTreeSubgroup : sumTree,
    knobs: { TEAM },
    chunk,
    chunks,
    grid: [Math.ceil((outer * chunks) / (256 / TEAM)), 1],
  };
}
