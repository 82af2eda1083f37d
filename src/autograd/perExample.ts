import { denseNorms } from '../ops/denseNorms.ts';
import type { Node, Tensor } from '../ops/graph.ts';
import { groupGram } from '../ops/groupGram.ts';
import { multiply } from '../ops/multiply.ts';
import type { PerExampleRule } from '../ops/op.ts';
import { sum } from '../ops/sum.ts';
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

/**
 * Σ over groups of b consecutive examples of ‖Σ gₙ‖² within the group, a scalar for each of `wrt`, for the cotangent's
 * scale: squared gradient norms at a smaller batch size, from the very same backward pass. For a dense layer
 * ‖Σ δₙxₙᵀ‖² = Σᵢⱼ (xᵢ·xⱼ)(δᵢ·δⱼ), so no sub-batch's gradient is formed.
 */
export function groupNormSq(structure: PerExample, groupSize: number): Tensor[] {
  if (groupSize === 1) return perExampleNormSq(structure).map((norms) => sum(norms));
  const grams = new Map(
    structure.rules.map((rule) => [
      rule,
      { x: groupGram(rule.x, groupSize), delta: groupGram(rule.delta, groupSize) },
    ]),
  );
  return structure.of.map(({ rule, part }) => {
    const { x, delta } = grams.get(rule)!;
    return sum(part === 'weight' ? multiply(x, delta) : delta);
  });
}
