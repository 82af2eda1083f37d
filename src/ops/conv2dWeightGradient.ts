import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { convolve } from './conv2d.ts';
import { conv2dInputGradient } from './conv2dInputGradient.ts';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp, expectShape, type Lowering } from './op.ts';
import { convShape, planConvWeightGradient } from './plans/convPlan.ts';
import { lowerSum } from './sum.ts';
import { type Window2d, windowPositions } from './window2d.ts';

export const conv2dWeightGradientOp = defineOp({
  name: 'conv2dWeightGradient',
  vjp: ({ inputs: [x, dy], attributes: { window } }, [d]) =>
    d
      ? [conv2dInputGradient(dy!, d, window, [x!.shape[2]!, x!.shape[3]!]), convolve(x!, d, null, window)]
      : [],
  jvp: ({ inputs: [x, dy], attributes: { window } }, [dx, ddy]) => [
    addPresent(
      dx ? conv2dWeightGradient(dx, dy!, window) : null,
      ddy ? conv2dWeightGradient(x!, ddy, window) : null,
    ),
  ],
  lower: ({ inputs: [x, dy], outputs: [dw], attributes: { window } }, to) =>
    lowerWeightGradient(to, x!, dy!, dw!, window),
});

/** Dispatches the kernels for a weight gradient. */
export function lowerWeightGradient(to: Lowering, x: Tensor, dy: Tensor, dw: Tensor, window: Window2d): void {
  const { call, blocks } = planConvWeightGradient(convShape(x.shape, dy.shape, window), to.target);
  if (blocks === 1) {
    to.dispatch(call, { x, dy, dw });
    return;
  }
  const partial = to.scratch([blocks, ...dw.shape], dw.replicated);
  to.dispatch(call, { x, dy, dw: partial });
  lowerSum(to, { outer: 1, reduced: blocks, inner: size(dw.shape) }, partial, null, dw);
}

/**
 * The transpose of conv2d in its weight: dw[o, c, i, j] = Σ_{n, p, q} dy[n, o, p, q]·x[n, c, p·sh + i − ph, q·sw + j − pw].
 * x [N, C, H, W], dy [N, O, H', W'] → [O, C, kh, kw]. Blocks of output rows are summed apart, then in order.
 * @throws if the shapes do not fit.
 */
export function conv2dWeightGradient(x: Tensor, dy: Tensor, window: Window2d): Tensor {
  if (x.shape.length !== 4 || dy.shape.length !== 4) {
    throw new Error(
      `conv2dWeightGradient: ${showShape(x.shape)} and ${showShape(dy.shape)}, expected [N, C, H, W] and [N, O, H', W']`,
    );
  }
  const [n, channels, height, width] = x.shape as [number, number, number, number];
  const outChannels = dy.shape[1]!;
  const positions = windowPositions('conv2dWeightGradient', window, [height, width]);
  expectShape('conv2dWeightGradient', 'dy', dy.shape, [n, outChannels, ...positions]);
  return apply(
    conv2dWeightGradientOp,
    [x, dy],
    { window },
    { shape: [outChannels, channels, window.kernelHeight, window.kernelWidth] },
  );
}
