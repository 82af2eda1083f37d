import type { Op } from './op.ts';

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

export interface TensorType {
  readonly shape: readonly number[];
  readonly dtype?: DType;
  /** Left out: replicated if an operand is. */
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

// An op reads its own attributes; the graph only carries and compares them.
// biome-ignore lint/suspicious/noExplicitAny: attributes are typed by each op's public function
export type Attributes = Readonly<Record<string, any>>;

/** The trace of one program: a list of nodes to which ops, gradients and tangents append. */
export class Graph {
  readonly nodes: Node[] = [];
  #ids = 0;

  /** Appends an application of `op`. Used by ops only: they check their operands first. */
  append(op: Op, inputs: readonly Tensor[], attributes: Attributes, types: readonly TensorType[]): Node {
    const inherited = inputs.some((input) => input.replicated);
    const outputs: Tensor[] = [];
    const node: Node = { id: this.#ids++, graph: this, op, inputs, attributes, outputs };
    for (const { shape, dtype, replicated } of types) {
      outputs.push({
        id: this.#ids++,
        node,
        shape,
        dtype: dtype ?? 'f32',
        replicated: replicated ?? inherited,
      });
    }
    this.nodes.push(node);
    return node;
  }
}

/** Elements of one replica. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

/** `[64, 784]`, for messages. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
