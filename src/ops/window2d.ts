import { showShape } from '../host/showShape.ts';
import type { Tensor } from './graph.ts';

/** How a window moves over an image, as PyTorch's convolutions and poolings take it: [height, width] each. */
export interface WindowOptions {
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
}

/** A window with its size, as plain numbers, so that equal ones are merged. */
export interface Window2d {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padHeight: number;
  readonly padWidth: number;
}

/**
 * A window from its size and how it moves; the op names it in messages.
 * @throws if a size or a stride is no positive integer, or a padding no integer of at least 0.
 */
export function window2d(
  op: string,
  [kernelHeight, kernelWidth]: readonly [number, number],
  { stride: [strideHeight, strideWidth] = [1, 1], padding: [padHeight, padWidth] = [0, 0] }: WindowOptions,
): Window2d {
  for (const [name, values, least] of [
    ['kernel', [kernelHeight, kernelWidth], 1],
    ['stride', [strideHeight, strideWidth], 1],
    ['padding', [padHeight, padWidth], 0],
  ] as const) {
    if (values.some((value) => !Number.isInteger(value) || value < least)) {
      throw new Error(`${op}: ${name} is ${showShape(values)}, expected integers of at least ${least}`);
    }
  }
  return { kernelHeight, kernelWidth, strideHeight, strideWidth, padHeight, padWidth };
}

/** Whether no two positions of the window share an element of the image. */
export function areApart({ kernelHeight, kernelWidth, strideHeight, strideWidth }: Window2d): boolean {
  return strideHeight >= kernelHeight && strideWidth >= kernelWidth;
}

/** The most elements of a window that are written out in a kernel. */
const WRITTEN_OUT = 16;

/** Whether no position of the window leaves the image, and so many rows and columns may be written out in a kernel. */
export function fitsKnobs({ padHeight, padWidth }: Window2d, rows: number, columns: number): boolean {
  return padHeight + padWidth === 0 && rows * columns <= WRITTEN_OUT;
}

/**
 * Positions of the window along height and width: ⌊(size + 2·padding − kernel) / stride⌋ + 1.
 * @throws if the padded image is smaller than the window.
 */
export function windowPositions(
  op: string,
  window: Window2d,
  [height, width]: readonly [number, number],
): [number, number] {
  const { kernelHeight, kernelWidth, strideHeight, strideWidth, padHeight, padWidth } = window;
  const [down, across] = [height + 2 * padHeight - kernelHeight, width + 2 * padWidth - kernelWidth];
  if (down < 0 || across < 0) {
    throw new Error(
      `${op}: an image of ${showShape([height, width])} with padding ${showShape([padHeight, padWidth])} is smaller ` +
        `than the window ${showShape([kernelHeight, kernelWidth])}`,
    );
  }
  return [Math.floor(down / strideHeight) + 1, Math.floor(across / strideWidth) + 1];
}

/**
 * The shape that a pooling of images [N, C, H, W] leaves.
 * @throws if x is no batch of images, or a padding passes half the window, as PyTorch refuses it: a window could then
 *   hold no pixel at all.
 */
export function pooledShape(op: string, x: Tensor, window: Window2d): number[] {
  const [n, channels, height, width] = x.shape as [number, number, number, number];
  if (x.shape.length !== 4)
    throw new Error(`${op}: x has shape ${showShape(x.shape)}, expected [N, C, H, W]`);
  const { kernelHeight, kernelWidth, padHeight, padWidth } = window;
  if (2 * padHeight > kernelHeight || 2 * padWidth > kernelWidth) {
    throw new Error(
      `${op}: padding is ${showShape([padHeight, padWidth])}, expected at most half of the window ` +
        showShape([kernelHeight, kernelWidth]),
    );
  }
  return [n, channels, ...windowPositions(op, window, [height, width])];
}
