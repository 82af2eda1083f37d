import type { State } from '../../../src/gpu/state.ts';
import type { Graph, Node, Tensor } from '../../../src/ops/graph.ts';
import { statesOf } from '../statesOf.ts';
import { attention } from './attention.ts';
import { choices } from './choices.ts';
import { convolutions } from './convolutions.ts';
import { elementwise } from './elementwise.ts';
import { histograms } from './histograms.ts';
import { losses } from './losses.ts';
import { moments } from './moments.ts';
import { norms } from './norms.ts';
import { pooling } from './pooling.ts';
import { products } from './products.ts';
import { random } from './random.ts';
import type { Memory, Rule } from './rule.ts';
import { sequences } from './sequences.ts';
import { states } from './states.ts';
import { structure } from './structure.ts';
import { sums } from './sums.ts';
import { tridiagonal } from './tridiagonal.ts';
import type { Values } from './values.ts';

const rules: Readonly<Record<string, Rule>> = {
  ...attention,
  ...choices,
  ...convolutions,
  ...elementwise,
  ...histograms,
  ...losses,
  ...moments,
  ...norms,
  ...pooling,
  ...products,
  ...random,
  ...sequences,
  ...states,
  ...structure,
  ...sums,
  ...tridiagonal,
};

/** A state's content: one array a replica, a single one where they share it. */
export type Contents = ReadonlyMap<State, readonly Values[]>;

/**
 * Runs a trace in float64, node by node in its order: what a program means, with nothing fused, merged, placed or left out. A `read`
 * is the state's value at its own place in the trace.
 * @returns what the states hold afterwards
 */
export function interpret(graph: Graph, before: Contents, replicas: number): Contents {
  const contents = new Map<State, readonly Values[]>(before);
  const made = new Map<Tensor, readonly Values[]>();
  const valuesOf = (tensor: Tensor, replica: number): Values => {
    const each = made.get(tensor)!;
    return each[tensor.replicated ? replica : 0]!;
  };
  for (const node of graph.nodes) {
    const rule = rules[node.op.name];
    if (!rule) throw new Error(`interpreter: no rule for op ${node.op.name}`);
    const count = isReplicated(node) ? replicas : 1;
    const written = new Map<State, Values[]>();
    const outputs: Values[][] = node.outputs.map(() => []);
    for (let replica = 0; replica < count; replica++) {
      const own = (state: State): number => (state.replicated ? replica : 0);
      const memory: Memory = {
        get: (state) => contents.get(state)![own(state)]!,
        set: (state, values) => {
          if (!written.has(state)) written.set(state, [...contents.get(state)!]);
          // What replicas share is the same for each: it is written once.
          written.get(state)![own(state)] = values;
        },
      };
      const inputs = node.inputs.map((input) => valuesOf(input, replica));
      rule(node, inputs, memory).forEach((values, i) => {
        outputs[i]!.push(values);
      });
    }
    for (const [i, output] of node.outputs.entries()) made.set(output, outputs[i]!);
    for (const [state, values] of written) contents.set(state, values);
  }
  return contents;
}

function isReplicated(node: Node): boolean {
  return (
    [...node.inputs, ...node.outputs].some(({ replicated }) => replicated) ||
    statesOf(node).some(({ replicated }) => replicated)
  );
}
