import type { KernelCall } from '../gpu/kernelCall.ts';
import type { KernelChoices } from '../gpu/kernelChoice.ts';
import type { State } from '../gpu/state.ts';
import { type Attributes, type DType, Graph, type Node, type Tensor, type TensorType } from './graph.ts';
import type { PerExampleGradient } from './perExample/perExampleGradient.ts';

/** An operand that no kernel of the call uses in its variant: the engine binds a dummy. */
export const UNUSED = Symbol('unused operand');

export type Operand = Tensor | Scratch | State | typeof UNUSED;

/** A buffer that lives for one node only, such as the partial sums of a two-pass reduction. */
export interface Scratch {
  readonly scratch: number;
  readonly shape: readonly number[];
  readonly replicated: boolean;
}

/** What an op may do when it is turned into dispatches. */
export interface Lowering {
  /** One dispatch over all replicas; operands are bound by the kernel's names. */
  dispatch(call: KernelCall, operands: Readonly<Record<string, Operand>>): void;
  scratch(shape: readonly number[], replicated: boolean): Scratch;
  /**
   * Offset of `second` in the buffer of `first`, both counted from the buffer's start. For kernels that write two
   * tensors of one buffer, which is bound once (outputs that the op lists under `joined`).
   */
  offset(tensor: Tensor): number;
  readonly target: KernelTarget;
}

/** What the choice of a kernel may depend on besides one replica's shapes. */
export interface KernelTarget {
  /** Software adapters want register kernels without barriers; see the matmul kernels' headers. */
  readonly kind: 'cpu' | 'gpu';
  readonly subgroups: boolean;
  /** The adapter's smallest subgroup, or 0. */
  readonly subgroupSize: number;
  /** The device has the feature shader-f16. */
  readonly f16?: boolean;
  /** Measured or recorded choices among a planner's candidates; without them its default is taken. */
  readonly choices?: KernelChoices;
}

/** Null or left out stands for zero. */
export type MaybeTensor = Tensor | null | undefined;

export interface RuleArguments {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Attributes;
}

/**
 * An op: its mathematics and its rules. `vjp` and `jvp` are written with ops that have both themselves, so that
 * `jvp(grad(f))` always works (a test walks the table). Either `lower` says which kernels compute it, or `expand`
 * says which ops do.
 */
export interface Op {
  readonly name: string;
  /** Cotangent of each input given those of the outputs; null where none flows. */
  readonly vjp?: (a: RuleArguments, cotangents: readonly (Tensor | null)[]) => readonly MaybeTensor[];
  /** Tangent of each output given those of the inputs; null stands for zero. */
  readonly jvp?: (a: RuleArguments, tangents: readonly (Tensor | null)[]) => readonly MaybeTensor[];
  /**
   * How the gradient of each of `examples` examples enters that of each input, given the cotangent of output 0; null for an
   * input whose gradients have no such form. Rows of one example stand together along the first axis of input and output.
   */
  readonly perExample?: (
    a: RuleArguments,
    cotangent: Tensor,
    examples: number,
  ) => readonly (PerExampleGradient | null)[];
  readonly lower?: (a: RuleArguments & { readonly node: Node }, to: Lowering) => void;
  readonly expand?: (a: RuleArguments) => readonly Tensor[];
  /** The output is another view of input 0: no kernel, no memory. `offset` in elements. */
  readonly view?: (a: RuleArguments) => { readonly offset: number };
  /** Groups of outputs (by index) that one binding serves: they lie in one buffer. */
  readonly joined?: readonly (readonly number[])[];
  /** The output is a state where it lies, so it is worth what the state is worth when it is used: no kernel, no memory. */
  readonly alias?: (attributes: Attributes) => State;
  /** States among the attributes whose content the node takes and leaves as it is. */
  readonly reads?: (attributes: Attributes) => readonly State[];
  /** States among the attributes that the node changes, in place or as a whole; such a node is never dead. */
  readonly writes?: (attributes: Attributes) => readonly State[];
  /** The element type of each input where it is not f32; `any` for one that is only moved. */
  readonly takes?: readonly (DType | 'any')[];
}

const table = new Map<string, Op>();

/** Registers an op under its name; the table is what the closure test walks. */
export function defineOp(op: Op): Op {
  if (table.has(op.name)) throw new Error(`op ${op.name} is defined twice`);
  table.set(op.name, op);
  return op;
}

export function opTable(): ReadonlyMap<string, Op> {
  return table;
}

/** Applies an op with one output. */
export function apply(op: Op, inputs: readonly Tensor[], attributes: Attributes, type: TensorType): Tensor {
  return applyAll(op, inputs, attributes, [type])[0]!;
}

/** Applies an op; the trace is that of its operands. */
export function applyAll(
  op: Op,
  inputs: readonly Tensor[],
  attributes: Attributes,
  types: readonly TensorType[],
): readonly Tensor[] {
  const graph = inputs[0]?.node.graph ?? (attributes.graph as Graph | undefined);
  if (!(graph instanceof Graph)) throw new Error(`op ${op.name}: no operand tells which program is traced`);
  for (const input of inputs) {
    if (input.node.graph !== graph) throw new Error(`op ${op.name}: operands of two programs`);
  }
  return graph.append(op, inputs, attributes, types).outputs;
}

/** Refuses a state that the op does not take, naming both. */
export function expectState(
  op: string,
  what: string,
  { label, dtype, shape }: State,
  expected: { readonly dtype: DType; readonly shape: readonly (number | 'any')[] },
): void {
  const fits =
    shape.length === expected.shape.length && shape.every((n, i) => [n, 'any'].includes(expected.shape[i]!));
  if (dtype !== expected.dtype || !fits) {
    throw new Error(
      `${op}: ${what}, ${label}, is ${dtype} [${shape.join(', ')}], expected ${expected.dtype} [${expected.shape.join(', ')}]`,
    );
  }
}

/** Refuses what are no counters of a run: step, epoch and offset. */
export function expectCounters(op: string, counters: State): void {
  expectState(op, 'the counters', counters, { dtype: 'u32', shape: [3] });
}

/** Refuses an operand that does not fit, naming the op. */
export function expectShape(
  op: string,
  what: string,
  found: readonly number[],
  expected: readonly number[],
): void {
  if (found.length !== expected.length || found.some((extent, i) => extent !== expected[i])) {
    throw new Error(`${op}: ${what} has shape [${found.join(', ')}], expected [${expected.join(', ')}]`);
  }
}
