import { showShape } from '../host/showShape.ts';
import { addPresent } from '../ops/add.ts';
import { requireSameShape } from '../ops/elementwise.ts';
import { fill } from '../ops/fill.ts';
import type { Node, Tensor } from '../ops/graph.ts';
import { requireTensor } from '../ops/requireTensor.ts';
import { isList, requireLike, requireOneTrace } from './requireTensors.ts';

/** Where a parameter was used, and the cotangent that reached that use: what statistics over examples start from. */
export interface Use {
  readonly node: Node;
  /** Which of the node's operands the parameter is. */
  readonly input: number;
  readonly cotangent: Tensor;
}

/** What a backward pass found. */
export interface Cotangents {
  /** What was differentiated. */
  readonly outputs: readonly Tensor[];
  /** Σ over uses, in the order of `wrt`; null where the outputs do not depend on it. */
  readonly of: readonly (Tensor | null)[];
  /** The nodes that read each of `wrt`. */
  readonly uses: readonly (readonly Use[])[];
}

/**
 * Reverse mode: appends to the trace the cotangents of `wrt` given those of `outputs`.
 * @param outputs pairs of a tensor and its cotangent, of one shape
 * @throws if a cotangent has another shape than its tensor, or a node on the way has no vjp rule.
 */
export function vjp(outputs: readonly (readonly [Tensor, Tensor])[], wrt: readonly Tensor[]): Cotangents {
  const { graph } = outputs[0]![0].node;
  requireOneTrace('vjp', graph, [...outputs.flat(), ...wrt]);
  const nodes = [...graph.nodes];
  const dependent = dependents(nodes, wrt);
  const cotangents = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, cotangent: Tensor | null | undefined): void => {
    const sum = addPresent(cotangents.get(tensor) ?? null, cotangent ?? null);
    if (sum) cotangents.set(tensor, sum);
  };
  for (const [tensor, cotangent] of outputs) {
    requireSameShape('vjp', tensor, cotangent);
    accumulate(tensor, cotangent);
  }

  const uses = new Map<Tensor, Use[]>(wrt.map((tensor) => [tensor, []]));
  for (const node of nodes.reverse()) {
    if (!node.inputs.some((input) => dependent.has(input))) continue;
    const reached = node.outputs.map((output) => cotangents.get(output) ?? null);
    if (reached.every((cotangent) => cotangent === null)) continue;
    if (!node.op.vjp) {
      throw new Error(
        `op ${node.op.name} has no reverse-mode rule (vjp), so there is no gradient through it`,
      );
    }
    const back = node.op.vjp(node, reached);
    requireLike(`op ${node.op.name}: the cotangent that its vjp gives operand`, back, node.inputs);
    node.inputs.forEach((input, i) => {
      if (!dependent.has(input)) return;
      accumulate(input, back[i]);
      if (reached[0]) uses.get(input)?.push({ node, input: i, cotangent: reached[0] });
    });
  }
  return {
    outputs: outputs.map(([tensor]) => tensor),
    of: wrt.map((t) => cotangents.get(t) ?? null),
    uses: wrt.map((t) => uses.get(t) ?? []),
  };
}

/** All tensors that depend on one of `from`, those included. */
export function dependents(nodes: readonly Node[], from: readonly Tensor[]): Set<Tensor> {
  const found = new Set<Tensor>(from);
  for (const node of nodes) {
    if (node.inputs.some((input) => found.has(input))) for (const output of node.outputs) found.add(output);
  }
  return found;
}

/**
 * Gradient of a scalar with respect to a tensor, of its shape, or to each of a list; zeros where it does not depend on one.
 * @throws if `value` is no scalar, or of another trace than a tensor; if a node on the way has no vjp rule
 */
export function grad(value: Tensor, wrt: Tensor): Tensor;
export function grad<const Wrt extends readonly Tensor[]>(
  value: Tensor,
  wrt: Wrt,
): { -readonly [i in keyof Wrt]: Tensor };
export function grad(value: Tensor, wrt: Tensor | readonly Tensor[]): Tensor | Tensor[] {
  requireTensor('grad', 'the value', value);
  if (value.shape.length !== 0) {
    throw new Error(`grad: expected a scalar, found shape ${showShape(value.shape)}; sum or mean makes one`);
  }
  if (!isList(wrt)) return grad(value, [wrt])[0];
  const { graph } = value.node;
  const { of } = vjp([[value, fill(graph, 1, [])]], wrt);
  return of.map((cotangent, i) => cotangent ?? fill(graph, 0, wrt[i]!.shape));
}
