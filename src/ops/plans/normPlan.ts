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
import type { ChannelView } from '../channelView.ts';
import type { Target } from '../op.ts';
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
  target: Target,
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
  /** A workgroup for each sum, or a thread. */
  readonly by: 'workgroup' | 'thread';
  readonly chunk: number;
  readonly chunks: number;
}

/**
 * GPUs take a workgroup a channel, so that neighbours read neighbours; where channels are what lies side by side, a thread
 * does that as well. Software adapters take threads without barriers. Long channels are cut: by threads into chunks of
 * about √n elements, so that neither pass is much longer than the other.
 */
function divide({ outer, inner }: ChannelView, { kind }: Target): Division {
  const elements = outer * inner;
  const columns = inner === 1 && outer > 1;
  const by = kind === 'gpu' && !columns ? 'workgroup' : 'thread';
  const longest = by === 'workgroup' ? LONGEST_WORKGROUP : kind === 'gpu' ? LONGEST_COLUMN : LONGEST_GROUP;
  const root = 4 * Math.ceil(Math.sqrt(elements) / 4);
  const chunk = elements <= longest ? elements : by === 'workgroup' ? longest : Math.min(LONGEST_GROUP, root);
  return { by, chunk, chunks: Math.ceil(elements / chunk) };
}

/** Operands: `x`, `w`, `b`; `y`, `z`, `mean`, `variance`, `scale`; `partial` between the passes. */
export function planNormalize(
  view: ChannelView,
  eps: number,
  { affine, bias, keep }: { readonly affine: Affine; readonly bias: boolean; readonly keep: boolean },
  target: Target,
): WholePlan | SplitPlan {
  const { outer, channels: groups, inner } = view;
  const elements = outer * inner;
  const { by, chunk, chunks } = divide(view, target);
  const shared = by === 'workgroup';
  if (chunks === 1) {
    return {
      kind: 'whole',
      call: {
        source: shared ? normalizeWorkgroup : normalizeGroup,
        knobs: { AFFINE: AFFINE[affine], BIAS: bias, KEEP: keep },
        params: { outer, groups, inner, eps },
        grid: shared ? [groups, 1] : rowGrid(groups),
      },
    };
  }
  return {
    kind: 'split',
    chunks,
    partial: {
      source: shared ? momentsWorkgroup : moments,
      params: { elements, groups, inner, chunk, chunks },
      grid: shared ? [groups * chunks, 1] : linearGrid(groups * chunks),
    },
    merge: {
      source: momentsMerge,
      params: { elements, groups, chunk, chunks, eps },
      grid: rowGrid(groups),
    },
    apply: planScaleShift(view, { standardize: true, affine, bias, keep }, target),
  };
}

/**
 * Operands: `d`, `y`, `scale`, `weights`; `dx` and `sums`, the caller setting `productsAt` (counted from the buffer's
 * start); `partial` between the passes.
 * @param sums whether Σd and Σd∘y of each channel are wanted beside
 */
export function planTangent(
  view: ChannelView,
  { weight, sums }: { readonly weight: Affine; readonly sums: boolean },
  target: Target,
): WholePlan | SplitPlan {
  const { outer, channels: groups, inner } = view;
  const elements = outer * inner;
  const WEIGHT = AFFINE[weight];
  const { by, chunk, chunks } = divide(view, target);
  const shared = by === 'workgroup';
  if (chunks === 1) {
    return {
      kind: 'whole',
      call: {
        source: shared ? tangentWorkgroup : tangentGroup,
        knobs: { WEIGHT, SUMS: sums },
        params: { outer, groups, inner, productsAt: 0 },
        grid: shared ? [groups, 1] : rowGrid(groups),
      },
    };
  }
  const total = elements * groups;
  const PER_THREAD = elementsPerThread(target);
  return {
    kind: 'split',
    chunks,
    partial: {
      source: shared ? tangentSumsWorkgroup : tangentSums,
      knobs: { WEIGHT },
      params: { elements, groups, inner, chunk, chunks },
      grid: shared ? [groups * chunks, 1] : linearGrid(groups * chunks),
    },
    merge: {
      source: tangentMerge,
      params: { groups, chunks, productsAt: groups },
      grid: rowGrid(2 * groups),
    },
    apply: {
      source: tangentApply,
      knobs: { WEIGHT, PER_THREAD },
      params: { elements: total, groups, inner, count: elements, productsAt: groups },
      grid: linearGrid(total, PER_THREAD),
    },
  };
}
