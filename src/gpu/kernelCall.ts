import type { KernelSource } from './kernelSource.ts';

/**
 * One kernel with everything but its operands: which file, which variant, its parameters and its grid.
 * What a planner returns for a shape; pure, so that the choice can be tested without a GPU.
 */
export interface KernelCall {
  readonly source: KernelSource;
  /** Values that replace the defaults of the file's knob block. */
  readonly knobs?: Readonly<Record<string, number | boolean>>;
  /** Members of `Params` other than the operands' offsets and replica strides, which the engine fills in. */
  readonly params: Readonly<Record<string, number>>;
  /** Workgroups along x and y; z is the replica. A grid of one row may be folded past 65,535 by the engine. */
  readonly grid: readonly [number, number];
  /**
   * A variant of the same kernel that compiles sooner and gives the same bits: a program runs it until this one is there.
   */
  readonly standIn?: Pick<KernelCall, 'knobs' | 'grid'>;
}
