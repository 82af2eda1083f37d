import { State } from '../../src/gpu/state.ts';
import type { Node } from '../../src/ops/graph.ts';

/** All states among a node's attributes, however deep. */
export function statesOf(node: Node): readonly State[] {
  const found = new Set<State>();
  const search = (value: unknown): void => {
    if (value instanceof State) found.add(value);
    else if (value && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
      for (const item of Object.values(value)) search(item);
    }
  };
  search({ ...node.attributes, graph: null });
  return [...found];
}
