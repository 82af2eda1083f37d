import { convMoments } from '../ops/convMoments.ts';
import { convBiasNorms, convWeightNorms } from '../ops/convNorms.ts';
import { denseMoments } from '../ops/denseMoments.ts';
import { denseNorms } from '../ops/denseNorms.ts';
import type { Node, Tensor } from '../ops/graph.ts';
import { groupGram } from '../ops/groupGram.ts';
import { multiply } from '../ops/multiply.ts';
import type { ConvolutionRule, PerExampleRule } from '../ops/op.ts';
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
  return eachPart(structure, (rule) =>
    rule.kind === 'outer' ? denseNorms(rule.x, rule.delta) : convolutionNorms(rule, 1),
  );
}

/** First and second moments over the examples of a batch, and each example's squared norm. */
export interface Moments {
  /** (1/B) Σₙ gₙ */
  readonly gradient: Tensor;
  /** Σₙ (gₙ − ḡ)² of every coordinate. */
  readonly centredSquares: Tensor;
  /** ‖gₙ‖², [B]. */
  readonly normSq: Tensor;
}

/** The moments of each of `wrt`, for the cotangent's scale. Nothing of size B × P. */
export function perExampleMoments(structure: PerExample): Moments[] {
  return eachPart(structure, (rule): readonly Moments[] => {
    const { x, delta } = rule;
    const bias = rule.bias !== null;
    const made =
      rule.kind === 'outer'
        ? { ...denseMoments(x, delta, bias), normSq: denseNorms(x, delta) }
        : convMoments(x, delta, rule.window, bias);
    return made.gradient.map((gradient, i) => ({
      gradient,
      centredSquares: made.centredSquares[i]!,
      normSq: made.normSq[i]!,
    }));
  });
}

/**
 * Σ over groups of b consecutive examples of ‖Σ gₙ‖² within the group, a scalar for each of `wrt`, for the cotangent's
 * scale: squared gradient norms at a smaller batch size, from the very same backward pass. For a dense layer
 * ‖Σ δₙxₙᵀ‖² = Σᵢⱼ (xᵢ·xⱼ)(δᵢ·δⱼ), so no sub-batch's gradient is formed.
 */
export function groupNormSq(structure: PerExample, groupSize: number): Tensor[] {
  if (groupSize === 1) return perExampleNormSq(structure).map((norms) => sum(norms));
  return eachPart(structure, (rule) => {
    if (rule.kind === 'convolution') return convolutionNorms(rule, groupSize).map((norms) => sum(norms));
    const [x, delta] = [groupGram(rule.x, groupSize), groupGram(rule.delta, groupSize)];
    return [sum(multiply(x, delta)), sum(delta)];
  });
}

function convolutionNorms({ x, delta, window, bias }: ConvolutionRule, groupSize: number): Tensor[] {
  const weight = convWeightNorms(x, delta, window, groupSize);
  return bias ? [weight, convBiasNorms(delta, groupSize)] : [weight];
}

/** What a function makes of each rule, [weight's, bias's], by parameter. */
function eachPart<T>({ rules, of }: PerExample, make: (rule: PerExampleRule) => readonly T[]): T[] {
  const made = new Map(rules.map((rule) => [rule, make(rule)]));
  return of.map(({ rule, part }) => made.get(rule)![part === 'weight' ? 0 : 1]!);
}
