import { InputError } from '../host/inputError.ts';
import { isCoupled } from '../nn/isCoupled.ts';
import { type Point, unitsOf } from './pass.ts';

/** Whether the units of a point have gradients of their own: not where BatchNorm in train mode couples its examples. */
export function hasUnits(point: Point): boolean {
  return !isCoupled(point) || point.ghostBatch !== undefined;
}

/** Whether they have a covariance. */
export function hasCovariance(point: Point): boolean {
  return hasUnits(point) && unitsOf(point) > 1;
}

/**
 * Refuses a point whose units have no gradients of their own.
 * @param what was to be measured
 * @throws InputError naming it
 */
export function requireUnits(what: string, point: Point): void {
  if (hasUnits(point)) return;
  throw new InputError(
    'measure',
    what,
    "BatchNorm in train mode couples the examples, so they have no gradients of their own; take mode: 'eval', or ghostBatch",
  );
}

/**
 * Refuses a point whose units have no covariance.
 * @throws InputError naming what was to be measured
 */
export function requireCovariance(what: string, point: Point): void {
  requireUnits(what, point);
  if (unitsOf(point) > 1) return;
  const unit = point.ghostBatch === undefined ? 'example' : 'unit';
  throw new InputError('measure', what, `one ${unit} has no covariance, expected two or more`);
}
