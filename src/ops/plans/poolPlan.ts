import type { KernelCall } from '../../gpu/kernelCall.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import { size } from '../graph.ts';
import type { Window2d } from '../window2d.ts';
import { linearGrid } from './linearGrid.ts';

/**
 * A kernel that goes from images [N, C, H, W] to windows [N, C, H', W'] or back, one thread an element of where it goes.
 */
export function planPool(
  source: KernelSource,
  images: readonly number[],
  windows: readonly number[],
  window: Window2d,
  to: 'images' | 'windows',
  knobs: NonNullable<KernelCall['knobs']> = {},
): KernelCall {
  const [n, channels, height, width] = images as [number, number, number, number];
  const [, , outHeight, outWidth] = windows as [number, number, number, number];
  return {
    source,
    knobs,
    params: { planes: n * channels, height, width, outHeight, outWidth, ...window },
    grid: linearGrid(size(to === 'images' ? images : windows)),
  };
}
