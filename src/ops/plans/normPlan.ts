import moments from '../../../shaders/norm/moments.wgsl';
import momentsMerge from '../../../shaders/norm/momentsMerge.wgsl';
import normalizeGroup from '../../../shaders/norm/normalizeGroup.wgsl';
import scaleShift from '../../../shaders/norm/scaleShift.wgsl';
import tangentApply from '../../../shaders/norm/tangentApply.wgsl';
import tangentGroup from '../../../shaders/norm/tangentGroup.wgsl';
import tangentMerge from '../../../shaders/norm/tangentMerge.wgsl';
import tangentSums from '../../../shaders/norm/tangentSums.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { ChannelView } from '../channelView.ts';
import type { Target } from '../op.ts';
import { elementsPerThread, linearGrid, rowGrid } from './linearGrid.ts';

/** Whose weight a kernel applies beside the normalisation: no one's, one a channel, or one a place in the channel. */
export type Affine = 'none' | 'channel' | 'place';
const AFFINE: Readonly<Record<Affine, number>> = { none: 0, channel: 1, place: 2 };

/** Elements of a channel up to which one thread takes them all, in one dispatch. */
const LONGEST_GROUP = 2048;

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

/** About √n elements, so that neither pass is much longer than the other. The order of sums depends on n only. */
function chunkOf(elements: number): { chunk: number; chunks: number } {
  const chunk = Math.min(LONGEST_GROUP, 4 * Math.ceil(Math.sqrt(elements) / 4));
  return { chunk, chunks: Math.ceil(elements / chunk) };
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
  if (elements <= LONGEST_GROUP) {
    return {
      kind: 'whole',
      call: {
        source: normalizeGroup,
        knobs: { AFFINE: AFFINE[affine], BIAS: bias, KEEP: keep },
        params: { outer, groups, inner, eps },
        grid: rowGrid(groups),
      },
    };
  }
  const { chunk, chunks } = chunkOf(elements);
  return {
    kind: 'split',
    chunks,
    partial: {
      source: moments,
      params: { elements, groups, inner, chunk, chunks },
      grid: linearGrid(groups * chunks),
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
  if (elements <= LONGEST_GROUP) {
    return {
      kind: 'whole',
      call: {
        source: tangentGroup,
        knobs: { WEIGHT, SUMS: sums },
        params: { outer, groups, inner, productsAt: 0 },
        grid: rowGrid(groups),
      },
    };
  }
  const { chunk, chunks } = chunkOf(elements);
  const total = elements * groups;
  const PER_THREAD = elementsPerThread(target);
  return {
    kind: 'split',
    chunks,
    partial: {
      source: tangentSums,
      knobs: { WEIGHT },
      params: { elements, groups, inner, chunk, chunks },
      grid: linearGrid(groups * chunks),
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
