import { showShape } from '../host/showShape.ts';
import { showValue } from '../host/showValue.ts';
import { size, type Tensor } from './graph.ts';
import type { SumShape } from './plans/sumPlan.ts';
import { requireTensor } from './requireTensor.ts';

/** Consecutive axes `[from, to)` of a shape that are reduced away. */
export interface Axes {
  readonly from: number;
  readonly to: number;
}

/** The shape as [outer, reduced, inner] about the given axes. */
export function around(shape: readonly number[], { from, to }: Axes): SumShape {
  return {
    outer: size(shape.slice(0, from)),
    reduced: size(shape.slice(from, to)),
    inner: size(shape.slice(to)),
  };
}

/** What a reduction over the axes leaves of the shape. */
export function keptShape(shape: readonly number[], { from, to }: Axes): number[] {
  return [...shape.slice(0, from), ...shape.slice(to)];
}

/**
 * All axes of an operand.
 * @throws InputError if it is no tensor
 */
export function allAxes(op: string, x: Tensor): Axes {
  requireTensor(op, 'operand 0', x);
  return { from: 0, to: x.shape.length };
}

/** @throws if the axes are not of the operand's shape. */
export function requireAxes(op: string, { shape }: Pick<Tensor, 'shape'>, axes: Axes): void {
  if (typeof axes !== 'object') throw new Error(`${op}: axes ${showValue(axes)}, expected { from, to }`);
  const { from, to } = axes;
  const whole = Number.isInteger(from) && Number.isInteger(to);
  if (!whole || from < 0 || to > shape.length || from > to) {
    throw new Error(`${op}: axes ${from} to ${to} of shape ${showShape(shape)}`);
  }
}

/** @throws if x is no tensor, or has no such axis */
export function requireAxis(op: string, x: Tensor, axis: number): void {
  requireTensor(op, 'operand 0', x);
  if (Number.isInteger(axis) && axis >= 0 && axis < x.shape.length) return;
  throw new Error(`${op}: axis ${showValue(axis)} of ${showShape(x.shape)}`);
}
