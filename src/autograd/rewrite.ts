import { constantOf } from '../ops/fill.ts';
import { Graph, type Node, type Tensor } from '../ops/graph.ts';

/**
 * What replaces the outputs of a node, given how its operands are called in the new trace; null leaves it as it is.
 * A rule may also name outputs of later nodes that it makes on the way.
 */
export type Rule = (node: Node, to: Renaming) => readonly Tensor[] | null;

/** From the tensors of the old trace to those of the new one. */
export interface Renaming {
  /** The node as it is, over the new operands. */
  copy(node: Node): readonly Tensor[];
  get(tensor: Tensor): Tensor;
  has(tensor: Tensor): boolean;
  set(old: Tensor, made: Tensor): void;
}

/** Copies a trace node by node through a rule. */
export function rewrite(graph: Graph, rule: Rule): Graph {
  const target = new Graph(graph.label);
  const names = new Map<Tensor, Tensor>();
  const renaming: Renaming = {
    copy: (node) => copy(node),
    get: (tensor) => {
      const made = names.get(tensor);
      if (made) return made;
      // A constant may be asked for by a rule that moves a later node forward.
      if (constantOf(tensor) !== null) return copy(tensor.node)[0]!;
      throw new Error(`op ${tensor.node.op.name}: its result is used before it is made`);
    },
    has: (tensor) => names.has(tensor) || constantOf(tensor) !== null,
    set: (old, made) => names.set(old, made),
  };
  const copy = (node: Node): readonly Tensor[] => {
    const made = copyNode(node, target, renaming.get);
    node.outputs.forEach((output, i) => {
      names.set(output, made[i]!);
    });
    return made;
  };
  for (const node of graph.nodes) {
    if (node.outputs.length > 0 && node.outputs.every((output) => names.has(output))) continue;
    const made = rule(node, renaming);
    if (made) {
      for (const [i, output] of node.outputs.entries()) names.set(output, made[i]!);
    } else copy(node);
  }
  return target;
}

/** Appends a node to another trace; gives its results there. */
export function copyNode(
  { op, inputs, attributes, outputs }: Node,
  target: Graph,
  named: (tensor: Tensor) => Tensor,
): readonly Tensor[] {
  const given = 'graph' in attributes ? { ...attributes, graph: target } : attributes;
  return target.append(op, inputs.map(named), given, outputs).outputs;
}

/** The nodes that read each tensor. */
export function consumersOf(graph: Graph): ReadonlyMap<Tensor, readonly Node[]> {
  const consumers = new Map<Tensor, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) {
      const list = consumers.get(input);
      if (list) list.push(node);
      else consumers.set(input, [node]);
    }
  }
  return consumers;
}
