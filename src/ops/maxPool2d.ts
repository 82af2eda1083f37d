import kernel from '../../shaders/pool/maxPool2d.wgsl';
import insideKernel from '../../shaders/pool/maxPool2dInside.wgsl';
import type { Tensor } from './graph.ts';
import { applyAll, defineOp } from './op.ts';
import { planPool } from './plans/poolPlan.ts';
import { poolGather, poolScatter } from './poolGather.ts';
import { fitsKnobs, pooledShape, type WindowOptions, window2d } from './window2d.ts';

/** Its second output says which element each window chose: locally the op is a gather at fixed places. */
export const maxPool2dOp = defineOp({
  name: 'maxPool2d',
  vjp: ({ inputs: [x], outputs: [, indices], attributes: { window } }, [d]) => [
    d ? poolScatter(d, indices!, window, [x!.shape[2]!, x!.shape[3]!]) : null,
  ],
  jvp: ({ outputs: [, indices], attributes: { window } }, [dx]) => [
    dx ? poolGather(dx, indices!, window) : null,
    null,
  ],
  lower: ({ inputs: [x], outputs: [y, indices], attributes: { window } }, to) => {
    const { kernelHeight: KH, kernelWidth: KW } = window;
    const call = fitsKnobs(window, KH, KW)
      ? planPool(insideKernel, x!.shape, y!.shape, window, 'windows', { KH, KW })
      : planPool(kernel, x!.shape, y!.shape, window, 'windows');
    to.dispatch(call, { x: x!, y: y!, indices: indices! });
  },
});

/**
 * The largest element of each window, the image −∞ outside: torch's max_pool2d, whose stride is the window's size by
 * default. x [N, C, H, W] → y [N, C, H', W']. The first of equal elements is the one whose gradient counts; a NaN wins.
 * @throws if the shapes do not fit, or a padding passes half the window.
 */
export function maxPool2d(
  x: Tensor,
  kernelSize: readonly [number, number],
  options: WindowOptions = {},
): Tensor {
  const window = window2d('maxPool2d', kernelSize, { stride: kernelSize, ...options });
  const shape = pooledShape('maxPool2d', x, window);
  return applyAll(maxPool2dOp, [x], { window }, [{ shape }, { shape, dtype: 'u32' }])[0]!;
}
