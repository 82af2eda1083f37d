import type { KernelTarget } from '../../ops/op.ts';
import { type ConvShape, hasQuads } from '../../ops/plans/convPlan.ts';
import { window2d } from '../../ops/window2d.ts';
import type { Conv2dExtents } from '../../reference/conv2d.ts';

/** A convolution of square images by a square kernel, stride 1, no padding. */
export interface ConvLayer {
  readonly images: number;
  readonly channels: number;
  readonly outChannels: number;
  /** Height and width of an image, and of the kernel. */
  readonly side: number;
  readonly kernel: number;
}

/** As the planners take it. */
export function layerShape({ images, channels, outChannels, side, kernel }: ConvLayer): ConvShape {
  const out = side - kernel + 1;
  return {
    images,
    channels,
    height: side,
    width: side,
    outChannels,
    outHeight: out,
    outWidth: out,
    window: window2d('ladder', [kernel, kernel], {}),
  };
}

/** As float64 takes it. */
export function layerExtents({ images, channels, outChannels, side, kernel }: ConvLayer): Conv2dExtents {
  return {
    images,
    channels,
    height: side,
    width: side,
    outChannels,
    kernel: [kernel, kernel],
    stride: [1, 1],
    padding: [0, 0],
  };
}

export function layerTitle({ images, channels, outChannels, side, kernel }: ConvLayer): string {
  return `${channels} → ${outChannels}, ${kernel}×${kernel} on ${side}×${side}, B = ${images}`;
}

/** Why a layer's quads do not run here; null where they do. */
export function withoutQuads(layer: ConvLayer, target: KernelTarget): string | null {
  if (target.kind !== 'cpu') {
    return 'only SwiftShader and llvmpipe are known to put invocations 4i to 4i + 3 of a workgroup into one quad';
  }
  if (target.subgroupSize < 4) return 'the adapter has no subgroups';
  return hasQuads(layerShape(layer), target) ? null : 'the kernel is too wide to be written out';
}
