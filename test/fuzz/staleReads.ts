import type { State } from '../../src/gpu/state.ts';
import type { Graph, Node, Tensor } from '../../src/ops/graph.ts';

/** The read that a tensor is a view of. */
function readOf(tensor: Tensor): Node | null {
  const { node } = tensor;
  if (node.op.name === 'read') return node;
  return node.op.view ? readOf(node.inputs[0]!) : null;
}

/** The state that a tensor is a view of, or null. */
export function stateOf(tensor: Tensor): State | null {
  return readOf(tensor)?.attributes.state ?? null;
}

/**
 * Uses of a read whose state was written between the read and the use. A read copies nothing, so such a use has no meaning: an
 * engine refuses it.
 * @returns the nodes, those that no state depends on apart
 */
export function staleReads(graph: Graph): { readonly live: readonly Node[]; readonly dead: readonly Node[] } {
  const place = new Map<Node, number>(graph.nodes.map((node, i) => [node, i]));
  const writes = new Map<State, number[]>();
  graph.nodes.forEach((node, i) => {
    for (const state of node.op.writes?.(node.attributes) ?? []) {
      writes.set(state, [...(writes.get(state) ?? []), i]);
    }
  });
  const live = new Set<Node>();
  for (const node of [...graph.nodes].reverse()) {
    if (node.op.writes) live.add(node);
    if (live.has(node)) for (const input of node.inputs) live.add(input.node);
  }
  const stale = graph.nodes.filter(
    (node, i) =>
      // A view uses nothing itself.
      !node.op.view &&
      node.inputs.some((input) => {
        const state = stateOf(input);
        const from = state ? place.get(readOf(input)!)! : i;
        return state && writes.get(state)?.some((write) => from < write && write < i);
      }),
  );
  return { live: stale.filter((node) => live.has(node)), dead: stale.filter((node) => !live.has(node)) };
}

/** Whether an error names a state that was read and then written in the trace. */
export function namesStaleRead({ nodes }: Graph, { message }: Error): boolean {
  return nodes.some((node, i) => {
    const state = stateOf({ node } as Tensor);
    const isWritten = nodes.slice(i).some((later) => later.op.writes?.(later.attributes).includes(state!));
    return state !== null && isWritten && message.includes(state.label) && message.includes('read');
  });
}
