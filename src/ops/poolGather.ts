import gatherKernel from '../../shaders/pool/poolGather.wgsl';
import scatterKernel from '../../shaders/pool/poolScatter.wgsl';
import apartKernel from '../../shaders/pool/poolScatterApart.wgsl';
import type { Tensor } from './graph.ts';
import { apply, defineOp, expectShape } from './op.ts';
import { planPool } from './plans/poolPlan.ts';
import { areApart, fitsKnobs, pooledShape, type Window2d, windowPositions } from './window2d.ts';

const poolGatherOp = defineOp({
  name: 'poolGather',
  takes: ['f32', 'u32'],
  vjp: ({ inputs: [x, indices], attributes: { window } }, [d]) => [
    d ? poolScatter(d, indices!, window, [x!.shape[2]!, x!.shape[3]!]) : null,
    null,
  ],
  jvp: ({ inputs: [, indices], attributes: { window } }, [dx]) => [
    dx ? poolGather(dx, indices!, window) : null,
  ],
  lower: ({ inputs: [x, indices], outputs: [y], attributes: { window } }, to) => {
    const call = planPool(gatherKernel, x!.shape, y!.shape, window, 'windows');
    to.dispatch(call, { x: x!, indices: indices!, y: y! });
  },
});

/**
 * Of each window the element that a max pooling chose. x [N, C, H, W], indices [N, C, H', W'] (row·W + column)
 * → [N, C, H', W']. Linear in x.
 * @throws if the shapes do not fit.
 */
export function poolGather(x: Tensor, indices: Tensor, window: Window2d): Tensor {
  expectShape('poolGather', 'indices', indices.shape, pooledShape('poolGather', x, window));
  return apply(poolGatherOp, [x, indices], { window }, { shape: indices.shape });
}

export const poolScatterOp = defineOp({
  name: 'poolScatter',
  takes: ['f32', 'u32'],
  vjp: ({ inputs: [, indices], attributes: { window } }, [d]) => [
    d ? poolGather(d, indices!, window) : null,
    null,
  ],
  jvp: ({ inputs: [, indices], outputs: [dx], attributes: { window } }, [ddy]) => [
    ddy ? poolScatter(ddy, indices!, window, [dx!.shape[2]!, dx!.shape[3]!]) : null,
  ],
  lower: ({ inputs: [dy, indices], outputs: [dx], attributes: { window } }, to) => {
    const { strideHeight: SH, strideWidth: SW } = window;
    const call =
      areApart(window) && fitsKnobs(window, SH, SW)
        ? planPool(apartKernel, dx!.shape, dy!.shape, window, 'windows', { SH, SW })
        : planPool(scatterKernel, dx!.shape, dy!.shape, window, 'images');
    to.dispatch(call, { dy: dy!, indices: indices!, dx: dx! });
  },
});

/**
 * The transpose of poolGather: each element gets the sum over the windows that chose it.
 * dy, indices [N, C, H', W'] → [N, C, H, W].
 * @param size H and W, which the strides do not tell
 * @throws if the shapes do not fit.
 */
export function poolScatter(
  dy: Tensor,
  indices: Tensor,
  window: Window2d,
  size: readonly [number, number],
): Tensor {
  const [n, channels] = dy.shape as [number, number];
  expectShape('poolScatter', 'indices', indices.shape, dy.shape);
  const positions = windowPositions('poolScatter', window, size);
  expectShape('poolScatter', 'dy', dy.shape, [n, channels, ...positions]);
  return apply(poolScatterOp, [dy, indices], { window }, { shape: [n, channels, ...size] });
}
