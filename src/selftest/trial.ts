import type { KernelCall } from '../gpu/kernelCall.ts';
import type { Candidate } from '../gpu/kernelChoice.ts';
import type { State } from '../gpu/state.ts';
import type { Graph, Tensor } from '../ops/graph.ts';
import type { KernelTarget } from '../ops/op.ts';

export type Values = Float32Array | Uint32Array;

/** A tensor that a trial reads or changes. */
export interface Operand {
  readonly shape: readonly number[];
  /** One replica's values; a shared operand has those of replica 0. */
  readonly values: (replica: number) => Values;
  /** One for all replicas. */
  readonly shared?: boolean;
  /** The kernel changes it: it is compared after the run, behind the results. */
  readonly changed?: boolean;
}

/** What a result must be. */
export interface Expected {
  readonly values: ArrayLike<number>;
  /** Largest error allowed, one for all or one an element; 0 asks for equal numbers. */
  readonly tolerance: number | ArrayLike<number>;
  /** Places in the result that `values` are of, where it is too large for all of them; left out: all, in order. */
  readonly at?: ArrayLike<number>;
}

/** One kernel at one shape, beside its float64 reference. */
export interface Trial {
  /** Kernel or family under test, as the path below `shaders/` begins, or several: the planner chooses among them. */
  readonly kernel: string | readonly string[];
  /** The shape, in words. */
  readonly name: string;
  readonly replicas: 1 | 3;
  /** Plan as for a GPU, whatever the adapter: the kernels that a user's GPU runs are checked on software adapters too. */
  readonly asGpu?: boolean;
  /** Only on adapters of which this holds; left out: on all. */
  readonly runsOn?: (target: KernelTarget) => boolean;
  /** The variants among which the planner under test chooses. */
  readonly candidates?: (target: KernelTarget) => readonly Candidate[];
  /** The self-test runs all of them, not only the planner's default. */
  readonly everyVariant?: boolean;
  /** The candidate to run in place of the default, by name. */
  readonly variant?: string;
  /** The candidate that every kernel takes which has one of that name, in a trial of many kernels. */
  readonly prefers?: string;
  /** An op a dispatch: nothing is fused. */
  readonly unfused?: boolean;
  /** Puts another kernel where the planner has one: one that is edited. */
  readonly substitute?: (call: KernelCall) => KernelCall;
  readonly operands: Readonly<Record<string, Operand>>;
  /** Applies the op to the operands by name; gives the results. */
  readonly trace: (
    tensors: Readonly<Record<string, Tensor>>,
    states: Readonly<Record<string, State>>,
    graph: Graph,
  ) => readonly Tensor[];
  /** The results in the order of `trace`, then the changed operands in theirs, for one replica's operands. */
  readonly expect: (values: Readonly<Record<string, Values>>) => readonly Expected[];
}

/** Extents at which tiles, workgroups and vectors end raggedly. */
export const EDGES = [1, 33, 65, 127] as const;

/** `33 × 65`, and how many replicas. */
export function shapeName(extents: readonly number[], replicas: number): string {
  return `${extents.join(' × ')}, R = ${replicas}`;
}

/** Trials by the family of their kernels. */
export type TrialFamilies = Readonly<Record<string, () => readonly Trial[]>>;
