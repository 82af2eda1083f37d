import type { State } from '../gpu/state.ts';
import { Graph, type Node, type Tensor } from '../ops/graph.ts';
import { requireLike } from './requireTensors.ts';
import { rewrite } from './rewrite.ts';

/** Writes every op that is made of others out, until none is left. */
export function expand(graph: Graph): Graph {
  let current = graph;
  while (current.nodes.some((node) => node.op.expand)) {
    current = rewrite(current, (node, names) => {
      if (!node.op.expand) return null;
      const made = node.op.expand({ ...node, inputs: node.inputs.map(names.get) });
      requireLike(`op ${node.op.name}: what its expand gives for output`, made, node.outputs);
      return made;
    });
  }
  return current;
}

/** Merges applications of one op to the same operands with the same attributes and the same content of the states it reads. */
export function mergeCommon(graph: Graph): Graph {
  const seen = new Map<string, readonly Tensor[]>();
  const identities = new Map<unknown, number>();
  const writes = new Map<State, number>();
  const identity = (value: unknown): string => {
    // Told apart as Object.is does, so that NaN is itself and −0 is not 0.
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
    if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'undefined';
    if (Object.getPrototypeOf(value) === Object.prototype) {
      return `{${Object.entries(value).map(([key, item]) => `${key}:${identity(item)}`)}}`;
    }
    if (!identities.has(value)) identities.set(value, identities.size);
    return `#${identities.get(value)}`;
  };
  return rewrite(graph, (node, names) => {
    const { op, inputs, attributes, outputs } = node;
    if (op.writes) {
      for (const state of op.writes(attributes)) writes.set(state, (writes.get(state) ?? 0) + 1);
      return null;
    }
    const given = Object.entries(attributes)
      .filter(([key]) => key !== 'graph')
      .map(([key, value]) => `${key}=${identity(value)}`);
    const read = [...(op.reads?.(attributes) ?? []), ...(op.alias ? [op.alias(attributes)] : [])];
    // A state that was written in between is another value.
    const versions = read.map((state) => `${identity(state)}.${writes.get(state) ?? 0}`);
    const operands = inputs.map((input) => names.get(input).id);
    // A constant is told apart from others of its value by its shape alone.
    const shapes = outputs.map(({ shape, replicated }) => `[${shape}]${replicated}`);
    const key = [identity(op), ...shapes, ...operands, ...given, ...versions].join(' ');
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
  const kept = new Graph(graph.label);
  kept.nodes.push(...graph.nodes.filter((node) => live.has(node)));
  return kept;
}
