import { showShape } from '../host/showShape.ts';
import { size, type Tensor } from './graph.ts';

/** A tensor seen as [outer, channels, inner], something being the same or reduced over all but the channels. */
export interface ChannelView {
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
}

/** Of [N, C, …], channels being axis 1, as BatchNorm has them. */
export function axisOneView(shape: readonly number[]): ChannelView {
  return { outer: shape[0]!, channels: shape[1]!, inner: size(shape.slice(2)) };
}

/** Rows of the last `axes` axes are the channels, as LayerNorm normalises them. */
export function rowsView(shape: readonly number[], axes: number): ChannelView {
  const split = shape.length - axes;
  return { outer: 1, channels: size(shape.slice(0, split)), inner: size(shape.slice(split)) };
}

/** Places in the last `axes` axes are the channels, as LayerNorm's weight and bias have them. */
export function placesView(shape: readonly number[], axes: number): ChannelView {
  const split = shape.length - axes;
  return { outer: size(shape.slice(0, split)), channels: size(shape.slice(split)), inner: 1 };
}

/** Elements that share a channel. */
export function perChannel({ outer, inner }: ChannelView): number {
  return outer * inner;
}

/** Refuses a view that has not the tensor's elements. */
export function expectView(op: string, x: Tensor, { outer, channels, inner }: ChannelView): void {
  if (size(x.shape) !== outer * channels * inner) {
    throw new Error(
      `${op}: ${showShape(x.shape)} has not the elements of ${showShape([outer, channels, inner])}`,
    );
  }
}
