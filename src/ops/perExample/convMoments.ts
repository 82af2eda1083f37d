import { size, type Tensor } from '../graph.ts';
import { applyAll, type Op, UNUSED } from '../op.ts';
import { planConvMoments } from '../plans/convMomentsPlan.ts';
import { convShape } from '../plans/convPlan.ts';
import { lowerSum } from '../sum.ts';
import type { Window2d } from '../window2d.ts';
import { lowerConvNorms, requireConv } from './convNorms.ts';
import type { PerExampleMoments } from './perExampleGradient.ts';

const convMomentsOp: Op = {
  name: 'convMoments',
  lower: (
    { inputs: [x, delta], outputs: [gradient, variance, norms], attributes: { window, unitSize } },
    to,
  ) => {
    const plan = planConvMoments(convShape(x!.shape, delta!.shape, window), unitSize, to.target);
    const units = norms!.shape[0]!;
    const { replicated } = gradient!;
    const moments = to.scratch([plan.blocks, 2, size(gradient!.shape)], replicated);
    const parts = plan.parts > 0 ? to.scratch([units, plan.parts], replicated) : UNUSED;
    to.dispatch(plan.sums, { x: x!, dy: delta!, moments, norms: parts });
    to.dispatch(plan.finish, { moments, gradient: gradient!, variance: variance! });
    if (parts === UNUSED) lowerConvNorms(to, x!, delta!, norms!, window, unitSize);
    else lowerSum(to, { outer: units, reduced: plan.parts, inner: 1 }, parts, null, norms!);
  },
};

/**
 * Mean gradient, centred second moment and norms of the gradients of a convolution's weight in one pass over the units, each
 * `unitSize` consecutive images, a unit's gradient formed in registers: nothing of size units × P.
 * x [N, C, H, W], delta [N, O, H', W'], not divided by anything → [O, C, kh, kw] twice, and [N / unitSize].
 * @throws if the shapes do not fit, or the units do not divide the images
 */
export function convMoments(x: Tensor, delta: Tensor, window: Window2d, unitSize = 1): PerExampleMoments {
  requireConv('convMoments', { x, delta, window, unitSize });
  const replicated = x.replicated || delta.replicated;
  const [images, channels] = x.shape as [number, number];
  const outChannels = delta.shape[1]!;
  const weight = { shape: [outChannels, channels, window.kernelHeight, window.kernelWidth], replicated };
  const [gradient, centredSquares, normSq] = applyAll(convMomentsOp, [x, delta], { window, unitSize }, [
    weight,
    weight,
    { shape: [images / unitSize], replicated },
  ]) as [Tensor, Tensor, Tensor];
  return { gradient, centredSquares, normSq };
}
