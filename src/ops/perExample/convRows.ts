import type { Tensor } from '../graph.ts';
import { apply, type Op, UNUSED } from '../op.ts';
import { planConvRows } from '../plans/convMomentsPlan.ts';
import { convShape } from '../plans/convPlan.ts';
import { sum } from '../sum.ts';
import type { Window2d } from '../window2d.ts';
import { requireConv } from './convNorms.ts';

/** Moments of blocks of one unit: its gradient for their mean, and zeros for their centred squares. */
const convUnitMomentsOp: Op = {
  name: 'convUnitMoments',
  lower: ({ inputs: [x, delta], outputs: [moments], attributes: { window, unitSize } }, to) => {
    const call = planConvRows(convShape(x!.shape, delta!.shape, window), unitSize, to.target);
    to.dispatch(call, { x: x!, dy: delta!, moments: moments!, norms: UNUSED });
  },
};

/**
 * The gradients of a convolution's weight, formed, one row a unit of `unitSize` consecutive images.
 * x [N, C, H, W], delta [N, O, H', W'] → [N / unitSize, O·C·kh·kw].
 * @throws if the shapes do not fit, or the units do not divide the images
 */
export function convRows(x: Tensor, delta: Tensor, window: Window2d, unitSize = 1): Tensor {
  requireConv('convRows', { x, delta, window, unitSize });
  const elements = delta.shape[1]! * x.shape[1]! * window.kernelHeight * window.kernelWidth;
  const shape = [x.shape[0]! / unitSize, 2, elements];
  return sum(apply(convUnitMomentsOp, [x, delta], { window, unitSize }, { shape }), { from: 1, to: 2 });
}
