import type { State } from '../../../src/gpu/state.ts';
import type { Node } from '../../../src/ops/graph.ts';
import type { Values } from './values.ts';

/** The states as one replica sees them when a node runs. */
export interface Memory {
  get(state: State): Values;
  /** Seen by later nodes, not by the other replicas of this one. */
  set(state: State, values: Values): void;
}

/** What one replica of a node makes of its operands. */
export type Rule = (node: Node, inputs: readonly Values[], memory: Memory) => readonly Values[];
