import type { State } from '../gpu/state.ts';
import { constantOf } from '../ops/fill.ts';
import { Graph, type Node, rootOf, stateOf, type Tensor } from '../ops/graph.ts';
import { read } from '../ops/leaf.ts';
import { store } from '../ops/state/store.ts';
import { copyNode } from './rewrite.ts';
import { removeDead } from './simplify.ts';

/** A trace in two parts. Run after one another they do what the whole does, by the same kernels. */
export interface Hoisted {
  /** The states whose content the invariant part takes: while none of them is written, it need not run again. */
  readonly takes: readonly State[];
  /** What the varying part uses of the invariant one's results. */
  readonly kept: readonly Tensor[];
  /**
   * The two traces.
   * @param states one for each of `kept`, of its shape and type: what the invariant part leaves and the varying one takes
   */
  split(states: readonly State[]): { readonly invariant: Graph; readonly varying: Graph };
}

/**
 * Takes out of a trace that runs again and again what is the same in every run (loop-invariant code motion): the nodes that
 * depend on none of the varying states. For a fixed point θ and varying directions that is a linearisation: the primal pass
 * runs once, tangents and cotangents at every run.
 *
 * States that only the invariant part touches are written when that runs, so not in every run any more.
 * @param graph optimised, so that both parts have the kernels of the whole
 */
export function hoist({ nodes }: Graph, varying: readonly State[]): Hoisted {
  const varies = varyingNodes(nodes, varying);
  const invariant = nodes.filter((node) => !varies.has(node));
  const kept = new Set<Tensor>();
  for (const node of varies) {
    for (const root of node.inputs.map(rootOf)) if (!varies.has(root.node) && !isFree(root)) kept.add(root);
  }
  const written = new Set(invariant.flatMap(writesOf));
  const takes = new Set(invariant.flatMap(touchedBy).filter((state) => !written.has(state)));
  return {
    takes: [...takes],
    kept: [...kept],
    split(states) {
      const stateFor = new Map([...kept].map((tensor, i) => [tensor, states[i]!]));
      return {
        invariant: removeDead(invariantPart(invariant, stateFor)),
        varying: removeDead(varyingPart(nodes, varies, stateFor)),
      };
    },
  };
}

/** The nodes that depend on a varying state. One that a varying node touches varies too where anything writes it. */
function varyingNodes(nodes: readonly Node[], states: readonly State[]): ReadonlySet<Node> {
  const varying = new Set(states);
  const written = new Set(nodes.flatMap(writesOf));
  for (;;) {
    const found = new Set<Node>();
    for (const node of nodes) {
      const depends = node.inputs.some((input) => found.has(input.node));
      if (depends || touchedBy(node).some((state) => varying.has(state))) found.add(node);
    }
    const more = [...found].flatMap(touchedBy).filter((state) => written.has(state) && !varying.has(state));
    if (more.length === 0) return found;
    for (const state of more) varying.add(state);
  }
}

function writesOf({ op, attributes }: Node): readonly State[] {
  return op.writes?.(attributes) ?? [];
}

function touchedBy(node: Node): readonly State[] {
  const { op, inputs, attributes } = node;
  const operands = inputs.map(stateOf).filter((state) => state !== null);
  const own = op.alias ? [op.alias(attributes)] : [];
  return [...own, ...operands, ...(op.reads?.(attributes) ?? []), ...writesOf(node)];
}

/** A constant, or a state where it lies: no kernel makes it. */
function isFree(root: Tensor): boolean {
  return root.node.op.alias !== undefined || constantOf(root) !== null;
}

type StateFor = ReadonlyMap<Tensor, State>;

function invariantPart(nodes: readonly Node[], stateFor: StateFor): Graph {
  const graph = new Graph();
  const names = new Map<Tensor, Tensor>();
  for (const node of nodes) {
    const made = copyNode(node, graph, (tensor) => names.get(tensor)!);
    node.outputs.forEach((output, i) => {
      names.set(output, made[i]!);
      const state = stateFor.get(output);
      if (state) store(state, made[i]!);
    });
  }
  return graph;
}

function varyingPart(nodes: readonly Node[], varies: ReadonlySet<Node>, stateFor: StateFor): Graph {
  const graph = new Graph();
  const names = new Map<Tensor, Tensor>();
  for (const node of nodes) {
    const isThere = node.inputs.every((input) => names.has(input));
    const [first] = node.outputs;
    if (varies.has(node) || (isThere && first && (node.op.view || isFree(first)))) {
      const made = copyNode(node, graph, (tensor) => names.get(tensor)!);
      for (const [i, output] of node.outputs.entries()) names.set(output, made[i]!);
      continue;
    }
    for (const output of node.outputs) {
      const state = stateFor.get(output);
      if (state) names.set(output, read(graph, state));
    }
  }
  return graph;
}
