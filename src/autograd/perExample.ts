import { denseNorms } from '../ops/denseNorms.ts';
import type { Node, Tensor } from '../ops/graph.ts';
import type { PerExampleRule } from '../ops/op.ts';
import type { Cotangents } from './vjp.ts';

/** How each layer's per-example gradients are made up, one entry a use of its parameters. */
export interface PerExample {
  readonly rules: readonly PerExampleRule[];
  /** Where each parameter of `wrt` is found. */
  readonly of: readonly { readonly rule: PerExampleRule; readonly part: 'weight' | 'bias' }[];
}

/**
 * Per-example structure of the gradients of a batch loss whose examples do not see each other.
 * @throws if a parameter is used more than once, or by an op that has no per-example rule.
 */
export function perExample({ uses }: Cotangents, wrt: readonly Tensor[]): PerExample {
  const rules = new Map<Node, PerExampleRule>();
  const of = wrt.map((parameter, i) => {
    const [use, ...more] = uses[i]!;
    if (!use || more.length > 0 || !use.node.op.perExample) {
      throw new Error(
        `no per-example gradient: ${use?.node.op.name ?? 'nothing'} uses the parameter, ${1 + more.length} times`,
      );
    }
    const rule = rules.get(use.node) ?? use.node.op.perExample(use.node, use.cotangent);
    rules.set(use.node, rule);
    return { rule, part: parameter === rule.weight ? ('weight' as const) : ('bias' as const) };
  });
  return { rules: [...rules.values()], of };
}

/** ‖gₙ‖² of each parameter and example, [B] for each of `wrt`, for the cotangent's scale. Nothing of size B × P. */
export function perExampleNormSq(structure: PerExample): Tensor[] {
  const norms = new Map(structure.rules.map((rule) => [rule, denseNorms(rule.x, rule.delta)]));
  return structure.of.map(({ rule, part }) => norms.get(rule)![part === 'weight' ? 0 : 1]);
}
