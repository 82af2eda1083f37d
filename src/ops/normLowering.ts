import type { KernelCall } from '../gpu/kernelCall.ts';
import type { ChannelView } from './channelView.ts';
import type { Tensor } from './graph.ts';
import { type Lowering, type Operand, UNUSED } from './op.ts';
import { type Affine, planNormalize, planTangent } from './plans/normPlan.ts';

/** What a normalisation reads and writes; z = w·y + b where there is a weight. */
export interface NormalizeOperands {
  readonly x: Tensor;
  /** Left out where only z is wanted. */
  readonly y?: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly scale: Tensor;
  readonly affine?: {
    readonly of: Affine;
    readonly w: Tensor;
    readonly b: Tensor | null;
    readonly z: Tensor;
  };
}

/** Dispatches the kernels of a normalisation, with its weight and bias if they are given. */
export function lowerNormalize(
  to: Lowering,
  view: ChannelView,
  eps: number,
  { x, y = undefined, mean, variance, scale, affine }: NormalizeOperands,
): void {
  const options = { affine: affine?.of ?? 'none', bias: Boolean(affine?.b), keep: y !== undefined } as const;
  const plan = planNormalize(view, eps, options, to.target);
  const elements: Readonly<Record<string, Operand>> = {
    x,
    w: affine?.w ?? UNUSED,
    b: affine?.b ?? UNUSED,
    y: y ?? UNUSED,
    z: affine?.z ?? UNUSED,
  };
  if (plan.kind === 'whole') {
    to.dispatch(plan.call, { ...elements, mean, variance, scale });
    return;
  }
  const partial = to.scratch([plan.chunks, 2, view.channels], mean.replicated);
  to.dispatch(plan.partial, { x, partial });
  to.dispatch(plan.merge, { partial, mean, variance, scale });
  to.dispatch(plan.apply, { ...elements, mean, scale });
}

/** What the tangent of a normalisation reads and writes. */
export interface TangentOperands {
  readonly d: Tensor;
  readonly y: Tensor;
  readonly scale: Tensor;
  readonly dx: Tensor;
  /** Multiplies d first. */
  readonly weight?: { readonly of: Affine; readonly w: Tensor };
  /** Σd and Σd∘y of each channel, of the d before the weight: they lie in one buffer. */
  readonly sums?: { readonly plain: Tensor; readonly products: Tensor };
}

/** Dispatches the kernels of `normalizeTangent`, with a weight and the sums where they are given. */
export function lowerNormalizeTangent(
  to: Lowering,
  view: ChannelView,
  { d, y, scale, dx, weight, sums }: TangentOperands,
): void {
  const plan = planTangent(view, { weight: weight?.of ?? 'none', sums: Boolean(sums) }, to.target);
  const weights = weight?.w ?? UNUSED;
  const placed = (call: KernelCall): KernelCall =>
    sums ? { ...call, params: { ...call.params, productsAt: to.offset(sums.products) } } : call;
  if (plan.kind === 'whole') {
    to.dispatch(placed(plan.call), { d, y, scale, weights, dx, sums: sums?.plain ?? UNUSED });
    return;
  }
  const partial = to.scratch([plan.chunks, 2, view.channels], dx.replicated);
  const totals: Operand = sums?.plain ?? to.scratch([2, view.channels], dx.replicated);
  to.dispatch(plan.partial, { d, y, weights: weight?.of === 'place' ? weights : UNUSED, partial });
  to.dispatch(placed(plan.merge), { partial, sums: totals });
  to.dispatch(placed(plan.apply), { d, y, scale, weights, sums: totals, dx });
}
