import kernel from '../../shaders/pool/avgPool2d.wgsl';
import gradientKernel from '../../shaders/pool/avgPool2dGradient.wgsl';
import type { Tensor } from './graph.ts';
import { apply, defineOp, expectShape } from './op.ts';
import { planPool } from './plans/poolPlan.ts';
import { pooledShape, type Window2d, type WindowOptions, window2d, windowPositions } from './window2d.ts';

const avgPool2dOp = defineOp({
  name: 'avgPool2d',
  vjp: ({ inputs: [x], attributes: { window } }, [d]) => [
    d ? avgPool2dGradient(d, window, [x!.shape[2]!, x!.shape[3]!]) : null,
  ],
  jvp: ({ attributes: { window } }, [dx]) => [dx ? average(dx, window) : null],
  lower: ({ inputs: [x], outputs: [y], attributes: { window } }, to) => {
    to.dispatch(planPool(kernel, x!.shape, y!.shape, window, 'windows'), { x: x!, y: y! });
  },
});

function average(x: Tensor, window: Window2d): Tensor {
  return apply(avgPool2dOp, [x], { window }, { shape: pooledShape('avgPool2d', x, window) });
}

/**
 * The mean of each window, the padding's zeros counted: torch's avg_pool2d (count_include_pad true), whose stride is
 * the window's size by default. x [N, C, H, W] → [N, C, H', W'].
 * @throws if the shapes do not fit, or a padding passes half the window.
 */
export function avgPool2d(
  x: Tensor,
  kernelSize: readonly [number, number],
  options: WindowOptions = {},
): Tensor {
  return average(x, window2d('avgPool2d', kernelSize, { stride: kernelSize, ...options }));
}

const avgPool2dGradientOp = defineOp({
  name: 'avgPool2dGradient',
  vjp: ({ attributes: { window } }, [d]) => [d ? average(d, window) : null],
  jvp: ({ outputs: [dx], attributes: { window } }, [ddy]) => [
    ddy ? avgPool2dGradient(ddy, window, [dx!.shape[2]!, dx!.shape[3]!]) : null,
  ],
  lower: ({ inputs: [dy], outputs: [dx], attributes: { window } }, to) => {
    to.dispatch(planPool(gradientKernel, dx!.shape, dy!.shape, window, 'images'), { dy: dy!, dx: dx! });
  },
});

/**
 * The transpose of avgPool2d. dy [N, C, H', W'] → [N, C, H, W].
 * @param size H and W, which the strides do not tell
 * @throws if the shapes do not fit.
 */
export function avgPool2dGradient(dy: Tensor, window: Window2d, size: readonly [number, number]): Tensor {
  const [n, channels] = dy.shape as [number, number];
  const positions = windowPositions('avgPool2dGradient', window, size);
  expectShape('avgPool2dGradient', 'dy', dy.shape, [n, channels, ...positions]);
  return apply(avgPool2dGradientOp, [dy], { window }, { shape: [n, channels, ...size] });
}
