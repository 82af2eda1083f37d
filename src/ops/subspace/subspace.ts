import type { State } from '../../gpu/state.ts';
import { expectState } from '../op.ts';

/**
 * A random subspace of the flat vectors [P]: the columns of a matrix A [P, columns] of independent normal entries of unit variance, drawn
 * again from the seed wherever they are wanted. They are made of integers (shaders/shared/gaussian.wgsl), so that A is the same on every
 * adapter; sums over it are rounded as the adapter rounds.
 */
export interface RandomSubspace {
  readonly columns: number;
  /** Second word of Threefry's key: what A is for. */
  readonly purpose: number;
  /** First word of the key: [1] u32. */
  readonly seeds: State;
  /** [P] of ones and zeros: rows of A where it is zero, between the tensors of a flat vector, are zero. */
  readonly mask: State;
}

export function statesOf({ seeds, mask }: RandomSubspace): readonly State[] {
  return [seeds, mask];
}

/** Refuses a subspace whose states are not of flat vectors. */
export function requireSubspace(op: string, { columns, seeds, mask }: RandomSubspace): void {
  if (!(Number.isInteger(columns) && columns >= 1)) {
    throw new Error(`${op}: ${columns} columns, expected a positive integer`);
  }
  expectState(op, 'the seeds', seeds, { dtype: 'u32', shape: [1] });
  expectState(op, 'the mask', mask, { dtype: 'f32', shape: ['any'] });
}
