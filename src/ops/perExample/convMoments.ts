import { convShape } from '../conv2d.ts';
import { size, type Tensor } from '../graph.ts';
import { applyAll, type Op, UNUSED } from '../op.ts';
import { planConvMoments } from '../plans/convMomentsPlan.ts';
import type { Window2d } from '../window2d.ts';
import { convBiasGradients, lowerConvNorms, lowerPartSums, requireConv } from './convNorms.ts';
import { rowMoments } from './rowMoments.ts';

export interface ConvMoments {
  /** (1/B) Σₙ gₙ of the weight [O, C, kh, kw] and, with a bias, of that [O]. */
  readonly gradient: readonly Tensor[];
  /** Σₙ (gₙ − ḡ)² of every coordinate, in the same order: divided by B − 1, it is diag Σ. */
  readonly centredSquares: readonly Tensor[];
  /** ‖gₙ‖² [B], in the same order. */
  readonly normSq: readonly Tensor[];
}

const convMomentsOp: Op = {
  name: 'convMoments',
  lower: ({ inputs: [x, delta], outputs: [gradient, variance, norms], attributes: { window } }, to) => {
    const plan = planConvMoments(convShape(x!.shape, delta!.shape, window), to.target);
    const batch = x!.shape[0]!;
    const { replicated } = gradient!;
    const moments = to.scratch([plan.blocks, 2, size(gradient!.shape)], replicated);
    const parts = plan.parts > 0 ? to.scratch([batch, plan.parts], replicated) : UNUSED;
    to.dispatch(plan.sums, { x: x!, dy: delta!, moments, norms: parts });
    to.dispatch(plan.finish, { moments, gradient: gradient!, variance: variance! });
    if (parts === UNUSED) lowerConvNorms(to, x!, delta!, norms!, window, 1);
    else lowerPartSums(to, parts, batch, plan.parts, norms!);
  },
};

/**
 * Mean gradient, centred second moment and per-example norms of a convolution in one pass over the batch, each example's
 * gradient formed in registers: nothing of size B × P.
 * x [B, C, H, W], delta [B, O, H', W']: each example's own output gradient, not divided by B.
 */
export function convMoments(x: Tensor, delta: Tensor, window: Window2d, bias: boolean): ConvMoments {
  requireConv('convMoments', x, delta, window);
  const replicated = x.replicated || delta.replicated;
  const [batch, channels] = x.shape as [number, number];
  const outChannels = delta.shape[1]!;
  const weight = { shape: [outChannels, channels, window.kernelHeight, window.kernelWidth], replicated };
  const [gradient, centredSquares, normSq] = applyAll(convMomentsOp, [x, delta], { window }, [
    weight,
    weight,
    { shape: [batch], replicated },
  ]) as [Tensor, Tensor, Tensor];
  if (!bias) return { gradient: [gradient], centredSquares: [centredSquares], normSq: [normSq] };
  const ofBias = rowMoments(convBiasGradients(delta));
  return {
    gradient: [gradient, ofBias.gradient],
    centredSquares: [centredSquares, ofBias.centredSquares],
    normSq: [normSq, ofBias.normSq],
  };
}
