import { Graph, type Node, type Tensor } from '../ops/graph.ts';
import { rewrite } from './rewrite.ts';

/** Writes every op that is made of others out, until none is left. */
export function expand(graph: Graph): Graph {
  let current = graph;
  while (current.nodes.some((node) => node.op.expand)) {
    current = rewrite(current, (node, names) => {
      if (!node.op.expand) return null;
      return node.op.expand({ ...node, inputs: node.inputs.map(names.get) });
    });
  }
  return current;
}

/** Merges applications of one op to the same operands with the same attributes. */
export function mergeCommon(graph: Graph): Graph {
  const seen = new Map<string, readonly Tensor[]>();
  const identities = new Map<unknown, number>();
  const writes = new Map<unknown, number>();
  const identity = (value: unknown): string => {
    if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'undefined';
    if (Object.getPrototypeOf(value) === Object.prototype) {
      return `{${Object.entries(value).map(([key, item]) => `${key}:${identity(item)}`)}}`;
    }
    if (!identities.has(value)) identities.set(value, identities.size);
    // A state that was written in between is another value.
    return `#${identities.get(value)}.${writes.get(value) ?? 0}`;
  };
  return rewrite(graph, (node, names) => {
    for (const state of node.op.writes?.(node.attributes) ?? [])
      writes.set(state, (writes.get(state) ?? 0) + 1);
    if (node.op.writes) return null;
    const attributes = Object.entries(node.attributes)
      .filter(([key]) => key !== 'graph')
      .map(([key, value]) => `${key}=${identity(value)}`);
    const operands = node.inputs.map((input) => names.get(input).id);
    // A constant is told apart from others of its value by its shape alone.
    const shapes = node.outputs.map(({ shape, replicated }) => `[${shape}]${replicated}`);
    const key = [node.op.name, ...shapes, ...operands, ...attributes].join(' ');
    const known = seen.get(key);
    if (known) return known;
    const made = names.copy(node);
    seen.set(key, made);
    return made;
  });
}

/** Keeps what a state's new value depends on. */
export function removeDead(graph: Graph): Graph {
  const live = new Set<Node>();
  for (const node of [...graph.nodes].reverse()) {
    if (node.op.writes) live.add(node);
    if (live.has(node)) for (const input of node.inputs) live.add(input.node);
  }
  const kept = new Graph();
  kept.nodes.push(...graph.nodes.filter((node) => live.has(node)));
  return kept;
}
