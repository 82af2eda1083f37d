import type { ChannelView } from './channelView.ts';
import type { Tensor } from './graph.ts';
import { lowerNormalize, lowerNormalizeTangent } from './normLowering.ts';
import { applyAll, type Op } from './op.ts';
import { type Affine, planScaleShift } from './plans/normPlan.ts';

/** Weight and bias that follow a normalisation: one number a channel, or one a place in the channel. */
export interface FollowingAffine {
  readonly of: Affine;
  readonly w: Tensor;
  readonly b: Tensor | null;
  /** Whether anything else reads the normalised elements. */
  readonly keep: boolean;
}

const normalizeAffineOp: Op = {
  name: 'normalizeAffine',
  lower: ({ inputs: [x, w, b], outputs: [y, mean, variance, scale, z], attributes }, to) => {
    const affine = { of: attributes.of as Affine, w: w!, b: b ?? null, z: z! };
    const operands = {
      x: x!,
      y: attributes.keep ? y! : undefined,
      mean: mean!,
      variance: variance!,
      scale: scale!,
      affine,
    };
    lowerNormalize(to, attributes.view, attributes.eps, operands);
  },
};

/** normalize, then w·y + b, in its kernels: y, mean, variance, s, and z. */
export function normalizeAffine(
  x: Tensor,
  view: ChannelView,
  eps: number,
  { of, w, b, keep }: FollowingAffine,
): readonly Tensor[] {
  const elements = { shape: x.shape };
  // The statistics are those of x alone, so one for all replicas where x is.
  const statistic = { shape: [view.channels], replicated: x.replicated };
  return applyAll(normalizeAffineOp, b ? [x, w, b] : [x, w], { view, eps, of, keep }, [
    { ...elements, replicated: x.replicated },
    statistic,
    statistic,
    statistic,
    elements,
  ]);
}

const standardizeAffineOp: Op = {
  name: 'standardizeAffine',
  lower: ({ inputs: [x, mean, scale, w, b], outputs: [y, z], attributes: { view, keep } }, to) => {
    const call = planScaleShift(
      view,
      { standardize: true, affine: 'channel', bias: b !== undefined, keep },
      to.target,
    );
    to.dispatch(call, {
      x: x!,
      mean: mean!,
      scale: scale!,
      w: w!,
      z: z!,
      ...(b ? { b } : {}),
      ...(keep ? { y: y! } : {}),
    });
  },
};

/** standardize, then w·y + b, in one kernel: y and z. */
export function standardizeAffine(
  x: Tensor,
  mean: Tensor,
  s: Tensor,
  view: ChannelView,
  { w, b, keep }: FollowingAffine,
): readonly Tensor[] {
  const type = { shape: x.shape };
  return applyAll(standardizeAffineOp, b ? [x, mean, s, w, b] : [x, mean, s, w], { view, keep }, [
    type,
    type,
  ]);
}

const weightedTangentOp: Op = {
  name: 'normalizeTangentWeighted',
  lower: ({ inputs: [d, y, s, w], outputs: [dx], attributes: { view, of } }, to) => {
    lowerNormalizeTangent(to, view, { d: d!, y: y!, scale: s!, dx: dx!, weight: { of, w: w! } });
  },
};

const affineTangentOp: Op = {
  name: 'normalizeTangentAffine',
  joined: [[1, 2]],
  lower: ({ inputs: [d, y, s, w], outputs: [dx, plain, products], attributes: { view } }, to) => {
    const sums = { plain: plain!, products: products! };
    const weight = { of: 'channel' as const, w: w! };
    lowerNormalizeTangent(to, view, { d: d!, y: y!, scale: s!, dx: dx!, weight, sums });
  },
};

/** normalizeTangent of w·d, the product formed in its kernels. */
export function normalizeTangentWeighted(
  d: Tensor,
  y: Tensor,
  s: Tensor,
  w: Tensor,
  view: ChannelView,
  of: Affine,
): Tensor {
  return applyAll(weightedTangentOp, [d, y, s, w], { view, of }, [{ shape: d.shape }])[0]!;
}

/** normalizeTangent of w·d, w one a channel, with the gradients of bias and weight: dx, Σd and Σd∘y. */
export function normalizeTangentAffine(
  d: Tensor,
  y: Tensor,
  s: Tensor,
  w: Tensor,
  view: ChannelView,
): readonly Tensor[] {
  const sums = { shape: [view.channels] };
  return applyAll(affineTangentOp, [d, y, s, w], { view }, [{ shape: d.shape }, sums, sums]);
}
