import moments from '../../../shaders/norm/moments.wgsl';
import momentsMerge from '../../../shaders/norm/momentsMerge.wgsl';
import momentsWorkgroup from '../../../shaders/norm/momentsWorkgroup.wgsl';
import normalizeGroup from '../../../shaders/norm/normalizeGroup.wgsl';
import normalizeWorkgroup from '../../../shaders/norm/normalizeWorkgroup.wgsl';
import scaleShift from '../../../shaders/norm/scaleShift.wgsl';
import tangentApply from '../../../shaders/norm/tangentApply.wgsl';
import tangentGroup from '../../../shaders/norm/tangentGroup.wgsl';
import tangentMerge from '../../../shaders/norm/tangentMerge.wgsl';
import tangentSums from '../../../shaders/norm/tangentSums.wgsl';
import tangentSumsWorkgroup from '../../../shaders/norm/tangentSumsWorkgroup.wgsl';
import tangentWorkgroup from '../../../shaders/norm/tangentWorkgroup.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { bucketOf, type Candidate, choose, type KernelDemand, shapeKey } from '../../gpu/kernelChoice.ts';
import type { ChannelView } from '../channelView.ts';
import type { KernelTarget } from '../op.ts';
import { elementsPerThread, linearGrid, rowGrid } from './linearGrid.ts';

/** Whose weight a kernel applies beside the normalisation: no one's, one a channel, or one a place in the channel. */
export type Affine = 'none' | 'channel' | 'place';
const AFFINE: Readonly<Record<Affine, number>> = { none: 0, channel: 1, place: 2 };

/** Elements of a channel up to which one thread takes them all, in one dispatch. */
const LONGEST_GROUP = 2048;
/** The same on a GPU, whose threads are many. */
const LONGEST_COLUMN = 256;

/** The kernels of a reduction in two passes: sums of chunks, and what merges them; then one pass over the elements. */
export interface SplitPlan {
  readonly kind: 'split';
  readonly chunks: number;
  readonly partial: KernelCall;
  readonly merge: KernelCall;
  readonly apply: KernelCall;
}

/** One dispatch does everything. */
export interface WholePlan {
  readonly kind: 'whole';
  readonly call: KernelCall;
}

interface ScaleShiftOptions {
  /** Subtract the mean and multiply by the scale first. */
  readonly standardize?: boolean;
  readonly affine?: Affine;
  readonly bias?: boolean;
  /** Write y, the standardised elements. By default where they are all there is. */
  readonly keep?: boolean;
}

/** Operands: `x`, `mean` and `scale` if it standardises, `w` and `b` if it is affine; `y`, `z`. */
export function planScaleShift(
  { outer, channels, inner }: ChannelView,
  { standardize = false, affine = 'none', bias = false, keep = affine === 'none' }: ScaleShiftOptions,
  target: KernelTarget,
): KernelCall {
  const elements = outer * channels * inner;
  const PER_THREAD = elementsPerThread(target);
  return {
    source: scaleShift,
    knobs: { STANDARDIZE: standardize, KEEP: keep, AFFINE: AFFINE[affine], BIAS: bias, PER_THREAD },
    params: { elements, channels, inner },
    grid: linearGrid(elements, PER_THREAD),
  };
}

/** Elements of a channel that one workgroup takes. */
const LONGEST_WORKGROUP = 4096;

/** Which threads share a channel, and how many of its elements are summed at once. Of one replica's shape only. */
interface Division {
  readonly name: string;
  /** A workgroup for each sum, or a thread. */
  readonly by: 'workgroup' | 'thread';
  readonly chunk: number;
  readonly chunks: number;
}

/** Another way to divide, as a candidate: all of its kernels, `call` being the first one. */
interface NormCandidate extends Candidate {
  readonly plan: WholePlan | SplitPlan;
}

/**
 * The divisions of a view, the default first. GPUs take a workgroup a channel, so that neighbours read neighbours; where
 * channels are what lies side by side, a thread does that as well. Software adapters take threads without barriers. Long
 * channels are cut: by threads into chunks of about √n elements, so that neither pass is much longer than the other.
 */
function divisions({ outer, inner }: ChannelView, { kind }: KernelTarget): readonly Division[] {
  const elements = outer * inner;
  const root = 4 * Math.ceil(Math.sqrt(elements) / 4);
  const division = (name: string, by: Division['by'], longest: number, length: number): Division => {
    const chunk = elements <= longest ? elements : Math.min(elements, length);
    return { name, by, chunk, chunks: Math.ceil(elements / chunk) };
  };
  const longest = kind === 'gpu' ? LONGEST_COLUMN : LONGEST_GROUP;
  const threads = [
    division('threads', 'thread', longest, Math.min(LONGEST_GROUP, root)),
    division('threads, chunks of √n', 'thread', Math.min(longest, 64), Math.min(LONGEST_GROUP, root)),
    division('threads, longer channels whole', 'thread', 4 * longest, Math.min(LONGEST_GROUP, 4 * root)),
  ];
  const workgroups = [
    division('workgroups', 'workgroup', LONGEST_WORKGROUP, LONGEST_WORKGROUP),
    division(
      'workgroups, chunks a quarter as long',
      'workgroup',
      LONGEST_WORKGROUP / 4,
      LONGEST_WORKGROUP / 4,
    ),
  ];
  const columns = inner === 1 && outer > 1;
  const all = kind !== 'gpu' ? threads : columns ? [...threads, ...workgroups] : [...workgroups, ...threads];
  const same = (a: Division, b: Division): boolean => a.by === b.by && a.chunk === b.chunk;
  return all.filter((division, i) => all.findIndex((other) => same(division, other)) === i);
}

/** What a normalisation's choice, or that of its tangent, is recorded and looked up under. */
export function normDemand(
  family: 'normalize' | 'normalizeTangent',
  view: ChannelView,
  more: Readonly<Record<string, string | boolean>>,
): KernelDemand {
  const { outer, channels, inner } = view;
  const extents = { outer, channels, inner };
  return {
    family,
    shape: { ...extents, ...more },
    key: shapeKey({ ...extents, ...more }),
    bucket: bucketOf(extents),
  };
}

/** What is done beside a normalisation. */
export interface NormalizeOptions {
  readonly affine: Affine;
  readonly bias: boolean;
  readonly keep: boolean;
}

/** Operands: `x`, `w`, `b`; `y`, `z`, `mean`, `variance`, `scale`; `partial` between the passes. */
export function planNormalize(
  view: ChannelView,
  eps: number,
  options: NormalizeOptions,
  target: KernelTarget,
): WholePlan | SplitPlan {
  const demand = normDemand('normalize', view, { ...options });
  return choose(normalizeCandidates(view, eps, options, target), demand, target.choices).plan;
}

/** Every variant of planNormalize, the default first. */
export function normalizeCandidates(
  view: ChannelView,
  eps: number,
  { affine, bias, keep }: NormalizeOptions,
  target: KernelTarget,
): readonly NormCandidate[] {
  const { outer, channels: groups, inner } = view;
  const elements = outer * inner;
  return divisions(view, target).map(({ name, by, chunk, chunks }) => {
    const shared = by === 'workgroup';
    if (chunks === 1) {
      const call: KernelCall = {
        source: shared ? normalizeWorkgroup : normalizeGroup,
        knobs: { AFFINE: AFFINE[affine], BIAS: bias, KEEP: keep },
        params: { outer, groups, inner, eps },
        grid: shared ? [groups, 1] : rowGrid(groups),
      };
      return { name, call, plan: { kind: 'whole', call } };
    }
    const partial: KernelCall = {
      source: shared ? momentsWorkgroup : moments,
      params: { elements, groups, inner, chunk, chunks },
      grid: shared ? [groups * chunks, 1] : linearGrid(groups * chunks),
    };
    const merge: KernelCall = {
      source: momentsMerge,
      params: { elements, groups, chunk, chunks, eps },
      grid: rowGrid(groups),
    };
    const apply = planScaleShift(view, { standardize: true, affine, bias, keep }, target);
    return { name, call: partial, plan: { kind: 'split', chunks, partial, merge, apply } };
  });
}

/** What is done beside the tangent of a normalisation. */
export interface TangentOptions {
  readonly weight: Affine;
  /** Whether Σd and Σd∘y of each channel are wanted beside. */
  readonly sums: boolean;
}

/**
 * Operands: `d`, `y`, `scale`, `weights`; `dx` and `sums`, the caller setting `productsAt` (counted from the buffer's
 * start); `partial` between the passes.
 */
export function planTangent(
  view: ChannelView,
  options: TangentOptions,
  target: KernelTarget,
): WholePlan | SplitPlan {
  const demand = normDemand('normalizeTangent', view, { ...options });
  return choose(tangentCandidates(view, options, target), demand, target.choices).plan;
}

/** Every variant of planTangent, the default first. */
export function tangentCandidates(
  view: ChannelView,
  { weight, sums }: TangentOptions,
  target: KernelTarget,
): readonly NormCandidate[] {
  const { outer, channels: groups, inner } = view;
  const elements = outer * inner;
  const WEIGHT = AFFINE[weight];
  return divisions(view, target).map(({ name, by, chunk, chunks }) => {
    const shared = by === 'workgroup';
    if (chunks === 1) {
      const call: KernelCall = {
        source: shared ? tangentWorkgroup : tangentGroup,
        knobs: { WEIGHT, SUMS: sums },
        params: { outer, groups, inner, productsAt: 0 },
        grid: shared ? [groups, 1] : rowGrid(groups),
      };
      return { name, call, plan: { kind: 'whole', call } };
    }
    const total = elements * groups;
    const PER_THREAD = elementsPerThread(target);
    const partial: KernelCall = {
      source: shared ? tangentSumsWorkgroup : tangentSums,
      knobs: { WEIGHT },
      params: { elements, groups, inner, chunk, chunks },
      grid: shared ? [groups * chunks, 1] : linearGrid(groups * chunks),
    };
    const merge: KernelCall = {
      source: tangentMerge,
      params: { groups, chunks, productsAt: groups },
      grid: rowGrid(2 * groups),
    };
    const apply: KernelCall = {
      source: tangentApply,
      knobs: { WEIGHT, PER_THREAD },
      params: { elements: total, groups, inner, count: elements, productsAt: groups },
      grid: linearGrid(total, PER_THREAD),
    };
    return { name, call: partial, plan: { kind: 'split', chunks, partial, merge, apply } };
  });
}
