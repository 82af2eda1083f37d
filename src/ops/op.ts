import type { KernelCall } from '../gpu/kernelCall.ts';
import type { KernelChoices } from '../gpu/kernelChoice.ts';
import type { State } from '../gpu/state.ts';
import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';
import { type Attributes, type DType, Graph, type Node, type Tensor, type TensorType } from './graph.ts';
import type { PerExampleGradient } from './perExample/perExampleGradient.ts';
import { requireTensors } from './requireTensor.ts';

/** An operand that no kernel of the call uses in its variant: the engine binds a dummy. */
export const UNUSED = Symbol('unused operand');

/** What a kernel may be given for one of its bindings. */
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
  /** Its largest one, where it tells. */
  readonly largestSubgroup?: number;
  /** The device has the feature shader-f16. */
  readonly f16?: boolean;
  /** Measured or recorded choices among a planner's candidates; without them its default is taken. */
  readonly choices?: KernelChoices;
}

/** Null or left out stands for zero. */
export type MaybeTensor = Tensor | null | undefined;

/** A node as its rules see it. */
export interface RuleArguments {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Attributes;
}

/**
 * An op: its mathematics and its rules. `vjp` and `jvp` are written with ops that have both themselves, so that
 * `jvp(grad(f))` always works (a test walks the table). Either `lower` says which kernels compute it, or `expand`
 * says which ops do. A rule that is left out is refused, by the names of op and rule, where it is needed: an op without `vjp` has no gradient.
 *
 * Rules are called while a program is traced. `inputs` and `outputs` are the node's tensors, `attributes` what the op was applied with. What
 * a node computes may depend on its operands and attributes alone: equal ones are merged.
 */
export interface Op {
  /** Unique: `defineOp` refuses a second op of one name. Messages and listings show it. */
  readonly name: string;
  /** Cotangent of each input, of its shape, given those of the outputs; null where none flows, left out or null for zero. */
  readonly vjp?: (a: RuleArguments, cotangents: readonly (Tensor | null)[]) => readonly MaybeTensor[];
  /** Tangent of each output, of its shape, given those of the inputs; null stands for zero. */
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

/**
 * Registers an op under its name, and gives it back for `apply`. The table is what the closure test walks.
 * @throws InputError if there is an op of that name already, or it has no name or nothing that computes it
 */
export function defineOp(
  op: Op,
  {
    replace = false,
  }: {
    /**
     * It takes the place of an op of that name, as a page that reloads its modules while it is edited needs it
     * (`{ replace: import.meta.hot !== undefined }`); what was traced with the other keeps it.
     */
    readonly replace?: boolean;
  } = {},
): Op {
  const { name } = op;
  const refuse = (item: string, reason: string): never => {
    throw new InputError('defineOp', item, reason);
  };
  if (typeof name !== 'string' || name === '') refuse('name', `${showValue(name)}, expected a text`);
  if (table.has(name) && !replace) {
    refuse(name, 'there is an op of that name already; { replace: true } puts this one in its place');
  }
  table.set(name, op);
  return op;
}

export function opTable(): ReadonlyMap<string, Op> {
  return table;
}

/**
 * Applies an op with one output: appends it to the trace of its operands.
 * @param attributes what its rules get beside the operands. An op without operands needs the trace itself as `graph`
 * @param type shape of the output (of one replica), and its dtype if not f32
 * @throws if the operands are of two traces, or of other types than the op takes
 */
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
  requireTensors(op.name, inputs);
  for (const type of types as readonly Partial<TensorType>[]) {
    if (!Array.isArray(type?.shape)) {
      throw new InputError(op.name, 'type', `${showValue(type)}, expected { shape } of each output`);
    }
  }
  const graph = inputs[0]?.node.graph ?? (attributes.graph as Graph | undefined);
  if (!(graph instanceof Graph)) throw new Error(`op ${op.name}: no operand tells which program is traced`);
  inputs.forEach((input, i) => {
    if (input.node.graph === graph) return;
    const found = `of the trace of ${input.node.graph.label}, and operand 0 is of that of ${graph.label}`;
    throw new InputError(
      op.name,
      `operand ${i}`,
      `${found}: a tensor is worth nothing outside of its own trace`,
    );
  });
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
