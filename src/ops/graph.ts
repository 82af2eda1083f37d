import type { State } from '../gpu/state.ts';
import { showShape } from '../host/showShape.ts';
import type { Op } from './op.ts';
import { showGraph } from './showGraph.ts';

/** The element type of a tensor. */
export type DType = 'f32' | 'u32';

/**
 * A value of a traced program. `shape` is one replica's; a replicated tensor has R of them, a shared one is the same
 * for every replica (replica stride 0).
 */
export interface Tensor {
  readonly id: number;
  readonly node: Node;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly replicated: boolean;
}

/** What an op makes, as far as its shape and elements go. */
export interface TensorType {
  readonly shape: readonly number[];
  readonly dtype?: DType;
  /** Left out: replicated if an operand is, or a state that the op reads. */
  readonly replicated?: boolean;
}

/** One application of an op. Nodes are in trace order, which is the order in which they run. */
export interface Node {
  readonly id: number;
  readonly graph: Graph;
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly outputs: readonly Tensor[];
}

/** What a node has beside its operands. An op reads its own; the graph only carries and compares them. */
// biome-ignore lint/suspicious/noExplicitAny: attributes are typed by each op's public function
export type Attributes = Readonly<Record<string, any>>;

/**
 * The trace of one program: a list of nodes to which ops, gradients and tangents append. What no order of kernels could make
 * right is refused when it is appended, so that a transformation of the trace that breaks it is seen as well.
 */
export class Graph {
  /** Whose trace it is, for messages. */
  readonly label: string;
  readonly nodes: Node[] = [];
  #ids = 0;
  /** The last node that writes each state. */
  readonly #written = new Map<State, Node>();

  constructor(label = 'program') {
    this.label = label;
  }

  /** A line a node, in the order in which they run: results with type and shape, the op, its operands and attributes. */
  toString(): string {
    return showGraph(this);
  }

  /**
   * Appends an application of `op`. Used by ops only: they check their operands first.
   * @throws if an operand is of another element type, a result has no elements, a state that all replicas share is written
   *   from what each has its own of, or an operand is a state that was written since it was read
   */
  append(op: Op, inputs: readonly Tensor[], attributes: Attributes, types: readonly TensorType[]): Node {
    requireTypes(op, inputs);
    this.#requireCurrent(op, inputs);
    const written = op.writes?.(attributes) ?? [];
    const touched = [...(op.reads?.(attributes) ?? []), ...written];
    const inherited = [...inputs, ...touched].some(({ replicated }) => replicated);
    for (const state of written) {
      if (inherited && !state.replicated) {
        throw new Error(
          `${op.name}: ${state.label} is shared by all replicas, and each would write its own: make it replicated`,
        );
      }
    }
    const outputs: Tensor[] = [];
    const node: Node = { id: this.#ids++, graph: this, op, inputs, attributes, outputs };
    for (const { shape, dtype, replicated } of types) {
      if (!shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
        throw new Error(`${op.name}: a result of shape ${showShape(shape)}, expected positive integers`);
      }
      outputs.push({
        id: this.#ids++,
        node,
        shape,
        dtype: dtype ?? 'f32',
        replicated: replicated ?? inherited,
      });
    }
    this.nodes.push(node);
    for (const state of written) this.#written.set(state, node);
    return node;
  }

  /** Whether a tensor is worth what it was when it was made: a state that was read, or a view of it, is not once the state is written. */
  isCurrent(tensor: Tensor): boolean {
    return this.#overwrittenBy(tensor) === null;
  }

  /** The node that wrote the state that a tensor is, or is a view of, after it was read. */
  #overwrittenBy(tensor: Tensor): Node | null {
    const state = stateOf(tensor);
    const by = state && this.#written.get(state);
    return by && by.id >= rootOf(tensor).node.id ? by : null;
  }

  /** Nothing is copied when a state is read, so what it was before a write is gone. */
  #requireCurrent(op: Op, inputs: readonly Tensor[]): void {
    for (const input of inputs) {
      const by = this.#overwrittenBy(input);
      if (!by) continue;
      throw new Error(
        `${op.name}: ${stateOf(input)!.label} was read before ${by.op.name} wrote it, and the value of then is gone: ` +
          'read it again for the new one, or do this before the write',
      );
    }
  }
}

function requireTypes({ name, takes }: Op, inputs: readonly Tensor[]): void {
  inputs.forEach(({ dtype, shape }, i) => {
    const expected = takes?.[i] ?? 'f32';
    if (expected !== 'any' && dtype !== expected) {
      throw new Error(`${name}: operand ${i} is ${dtype} ${showShape(shape)}, expected ${expected}`);
    }
  });
}

/** The tensor whose memory this one is a view of. */
export function rootOf(tensor: Tensor): Tensor {
  return tensor.node.op.view ? rootOf(tensor.node.inputs[0]!) : tensor;
}

/** The state that a tensor is, or is a view of; null if it is a result. */
export function stateOf(tensor: Tensor): State | null {
  const { op, attributes } = rootOf(tensor).node;
  return op.alias?.(attributes) ?? null;
}

/** Elements of one replica. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}
