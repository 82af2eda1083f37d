import { InputError } from '../host/inputError.ts';
import { requireSameShape } from '../ops/elementwise.ts';
import type { Tensor } from '../ops/graph.ts';
import { requireTensor, showGiven } from '../ops/requireTensor.ts';
import { isList, requireLike, requireOneTrace } from './requireTensors.ts';

/**
 * Forward mode over what was traced, gradients included: appends to the trace the tangents of an output, or of each of a list, given
 * tangents of `wrt`. `jvp(gradient, [[θ, v]])` is the Hessian product Hv, forward over reverse (Pearlmutter 1994).
 * @param wrt pairs of a tensor and its tangent; null holds the tensor constant, whatever it is made of
 * @returns the tangent of each output, null where it is zero
 * @throws if a tangent has another shape than its tensor, or a node on the way has no jvp rule.
 */
export function jvp(output: Tensor, wrt: readonly (readonly [Tensor, Tensor | null])[]): Tensor | null;
export function jvp<const Outputs extends readonly Tensor[]>(
  outputs: Outputs,
  wrt: readonly (readonly [Tensor, Tensor | null])[],
): { readonly [i in keyof Outputs]: Tensor | null };
export function jvp(
  outputs: Tensor | readonly Tensor[],
  wrt: readonly (readonly [Tensor, Tensor | null])[],
): Tensor | null | readonly (Tensor | null)[] {
  if (!isList(outputs)) return jvp([outputs], wrt)[0];
  requireTensor('jvp', 'output 0', outputs[0]);
  for (const pair of wrt) {
    if (Array.isArray(pair) && pair.length === 2) continue;
    throw new InputError('jvp', 'wrt', `${showGiven(pair)}, expected pairs [tensor, tangent]`);
  }
  const { graph } = outputs[0]!.node;
  const given = wrt.flatMap(([tensor, tangent]) => (tangent === null ? [] : [[tensor, tangent] as const]));
  const held = new Set(wrt.flatMap(([tensor, tangent]) => (tangent === null ? [tensor] : [])));
  requireOneTrace('jvp', graph, [...outputs, ...given.flat(), ...held]);
  for (const [tensor, tangent] of given) requireSameShape('jvp', tensor, tangent);
  const tangents = new Map<Tensor, Tensor>(given);
  const wanted = new Set(outputs.map((output) => output.node));
  const nodes = [...graph.nodes];
  for (const node of [...nodes].reverse()) {
    if (!wanted.has(node)) continue;
    // What is behind a tensor whose tangent is known does not count.
    for (const input of node.inputs) if (!held.has(input) && !tangents.has(input)) wanted.add(input.node);
  }
  for (const node of nodes) {
    if (!wanted.has(node)) continue;
    const moved = node.inputs.map((input) => tangents.get(input) ?? null);
    if (moved.every((tangent) => tangent === null)) continue;
    if (!node.op.jvp) {
      throw new Error(`op ${node.op.name} has no forward-mode rule (jvp), so there is no tangent through it`);
    }
    const along = node.op.jvp(node, moved);
    requireLike(`op ${node.op.name}: the tangent that its jvp gives output`, along, node.outputs);
    along.forEach((tangent, i) => {
      const output = node.outputs[i]!;
      if (tangent && !tangents.has(output) && !held.has(output)) tangents.set(output, tangent);
    });
  }
  return outputs.map((output) => tangents.get(output) ?? null);
}
