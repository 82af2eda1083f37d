import type { Tensor } from '../../../src/ops/graph.ts';
import {
  add,
  avgPool2d,
  avgPool2dGradient,
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  maxPool2d,
  poolGather,
  poolScatter,
  read,
  relu,
  sigmoid,
  tanh,
  type Window2d,
  type WindowOptions,
  window2d,
} from '../../../src/ops/index.ts';
import { reluBackward } from '../../../src/ops/relu.ts';
import { sigmoidBackward } from '../../../src/ops/sigmoid.ts';
import { tanhBackward } from '../../../src/ops/tanh.ts';
import { windowPositions } from '../../../src/ops/window2d.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import type { Step } from './step.ts';

export interface Drawn {
  /** [N, C, H, W] */
  readonly images: readonly number[];
  readonly kernel: readonly [number, number];
  readonly options: WindowOptions;
  readonly window: Window2d;
  readonly positions: readonly [number, number];
  readonly outChannels: number;
}

export function drawWindow(draw: Draw, { pooled }: { readonly pooled: boolean }): Drawn {
  const images = [draw.of([1, 2, 3]), draw.of([1, 2, 3]), draw.of([3, 4, 5, 6]), draw.of([3, 4, 5])];
  const kernel = [draw.of([1, 2, 3]), draw.of([1, 2, 3])] as const;
  const stride = [draw.of([1, 2]), draw.of([1, 2, 3])] as const;
  const room = (extent: number): number => (pooled ? Math.floor(extent / 2) : extent - 1);
  const padding = [draw.below(room(kernel[0]) + 1), draw.below(room(kernel[1]) + 1)] as const;
  const window = window2d('fuzz', kernel, { stride, padding });
  const positions = windowPositions('fuzz', window, [images[2]!, images[3]!]);
  return {
    images,
    kernel,
    options: { stride, padding },
    window,
    positions,
    outChannels: draw.of([1, 2, 3, 5]),
  };
}

/** Which pixel each window chose: its last one inside the image. */
function chosen(to: Tracing, draw: Draw, { images, positions, window }: Drawn): Tensor {
  const [n, channels, height, width] = images as [number, number, number, number];
  const [down, across] = positions;
  const list = Array.from({ length: n * channels * down * across }, (_, i) => {
    const [p, q] = [Math.floor(i / across) % down, i % across];
    const row = Math.min(height, p * window.strideHeight - window.padHeight + window.kernelHeight) - 1;
    const column = Math.min(width, q * window.strideWidth - window.padWidth + window.kernelWidth) - 1;
    return row * width + column;
  });
  const state = to.state({
    shape: [n, channels, ...positions],
    dtype: 'u32',
    replicated: to.someReplicated(draw),
    kind: { list },
  });
  return to.call(read, to.graph, state);
}

export const images: Readonly<Record<string, Step>> = {
  conv2d: (to, draw) => {
    const d = drawWindow(draw, { pooled: false });
    const w = to.like(draw, [d.outChannels, d.images[1]!, ...d.kernel]);
    const b = draw.chance(50) ? to.like(draw, [d.outChannels]) : null;
    let y = to.call(conv2d, to.like(draw, d.images), w, b, d.options);
    if (draw.chance(40)) y = to.call(add, y, to.like(draw, y.shape));
    if (draw.chance(50)) to.call(draw.of([relu, tanh, sigmoid]), y);
  },
  conv2dInputGradient: (to, draw) => {
    const d = drawWindow(draw, { pooled: false });
    const dy = to.like(draw, [d.images[0]!, d.outChannels, ...d.positions]);
    const w = to.like(draw, [d.outChannels, d.images[1]!, ...d.kernel]);
    const dx = to.call(conv2dInputGradient, dy, w, d.window, [d.images[2]!, d.images[3]!]);
    const sum = draw.chance(40) ? to.call(add, dx, to.like(draw, dx.shape)) : dx;
    // The mask of the activation before the layer, which the compiler fuses.
    const masked = draw.of([reluBackward, sigmoidBackward, tanhBackward]);
    if (draw.chance(50)) to.call(masked, sum, to.like(draw, dx.shape));
  },
  conv2dWeightGradient: (to, draw) => {
    const d = drawWindow(draw, { pooled: false });
    const dy = to.like(draw, [d.images[0]!, d.outChannels, ...d.positions]);
    to.call(conv2dWeightGradient, to.like(draw, d.images), dy, d.window);
  },
  maxPool2d: (to, draw) => {
    const d = drawWindow(draw, { pooled: true });
    to.call(maxPool2d, to.like(draw, d.images), d.kernel, d.options);
  },
  avgPool2d: (to, draw) => {
    const d = drawWindow(draw, { pooled: true });
    to.call(avgPool2d, to.like(draw, d.images), d.kernel, d.options);
  },
  avgPool2dGradient: (to, draw) => {
    const d = drawWindow(draw, { pooled: true });
    const dy = to.like(draw, [d.images[0]!, d.images[1]!, ...d.positions]);
    to.call(avgPool2dGradient, dy, d.window, [d.images[2]!, d.images[3]!]);
  },
  poolGather: (to, draw) => {
    const d = drawWindow(draw, { pooled: true });
    to.call(poolGather, to.like(draw, d.images), chosen(to, draw, d), d.window);
  },
  poolScatter: (to, draw) => {
    const d = drawWindow(draw, { pooled: true });
    const dy = to.like(draw, [d.images[0]!, d.images[1]!, ...d.positions]);
    to.call(poolScatter, dy, chosen(to, draw, d), d.window, [d.images[2]!, d.images[3]!]);
  },
};
