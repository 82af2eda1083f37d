import type { Node } from '../ops/graph.ts';

/** Whether all nodes are shared by the replicas, or none is: a kernel of both would do what is shared once a replica. */
export function isAlike(...nodes: readonly Node[]): boolean {
  return new Set(nodes.map(({ outputs }) => outputs[0]!.replicated)).size === 1;
}
