import type { Node, Tensor } from '../ops/graph.ts';
import { multiply } from '../ops/multiply.ts';
import type { OuterRule, PerExampleRule } from '../ops/op.ts';
import { convMoments } from '../ops/perExample/convMoments.ts';
import { convBiasNorms, convWeightNorms } from '../ops/perExample/convNorms.ts';
import { denseMoments } from '../ops/perExample/denseMoments.ts';
import { denseNorms } from '../ops/perExample/denseNorms.ts';
import { groupGram } from '../ops/perExample/groupGram.ts';
import { type RowMoments, rowMoments, rowNorms } from '../ops/perExample/rowMoments.ts';
import { scaleGradients } from '../ops/perExample/scaleGradients.ts';
import { reshape } from '../ops/reshape.ts';
import { rowSum } from '../ops/sum.ts';
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

/**
 * ‖Σ gₙ‖² over each unit of `unitSize` consecutive examples, [B / unitSize] for each of `wrt`, for the cotangent's scale:
 * squared gradient norms of examples, or at a smaller batch size, from the very same backward pass. For a dense layer
 * ‖Σ δₙxₙᵀ‖² = Σᵢⱼ (xᵢ·xⱼ)(δᵢ·δⱼ), so no unit's gradient is formed; nothing has the size B × P.
 */
export function perExampleNormSq(structure: PerExample, unitSize = 1): Tensor[] {
  return eachPart(structure, (rule) =>
    rule.kind === 'outer' ? denseUnitNorms(rule, unitSize) : unitNorms(rule, unitSize),
  );
}

/** The moments of each of `wrt`, for the cotangent's scale. Nothing of size B × P. */
export function perExampleMoments(structure: PerExample): RowMoments[] {
  return eachPart(structure, (rule): readonly RowMoments[] => {
    const { x, delta } = rule;
    const bias = rule.bias !== null;
    if (rule.kind === 'scale') {
      const [weight, shift] = scaleGradients(x, delta, rule.view);
      return [rowMoments(weight), ...(bias ? [rowMoments(shift)] : [])].map((moments) => ({
        gradient: reshape(moments.gradient, rule.weight.shape),
        centredSquares: reshape(moments.centredSquares, rule.weight.shape),
        normSq: moments.normSq,
      }));
    }
    const made =
      rule.kind === 'outer' ? denseMoments(x, delta, bias) : convMoments(x, delta, rule.window, bias);
    return made.gradient.map((gradient, i) => ({
      gradient,
      centredSquares: made.centredSquares[i]!,
      normSq: made.normSq[i]!,
    }));
  });
}

/** ‖Σ gₙ‖² of units of a dense layer, [weight's, bias's]. */
function denseUnitNorms({ x, delta }: OuterRule, unitSize: number): readonly Tensor[] {
  if (unitSize === 1) return denseNorms(x, delta);
  const [inputs, deltas] = [groupGram(x, unitSize), groupGram(delta, unitSize)];
  return [rowSum(multiply(inputs, deltas)), rowSum(deltas)];
}

/** The same of a convolution or a scaling, [weight's, bias's]. */
function unitNorms(rule: Exclude<PerExampleRule, OuterRule>, unitSize: number): Tensor[] {
  const { x, delta, bias } = rule;
  if (rule.kind === 'scale') {
    const each = scaleGradients(x, delta, rule.view);
    return each.slice(0, bias ? 2 : 1).map((gradients) => rowNorms(gradients, unitSize));
  }
  const weight = convWeightNorms(x, delta, rule.window, unitSize);
  return bias ? [weight, convBiasNorms(delta, unitSize)] : [weight];
}

/** What a function makes of each rule, [weight's, bias's], by parameter. */
function eachPart<T>({ rules, of }: PerExample, make: (rule: PerExampleRule) => readonly T[]): T[] {
  const made = new Map(rules.map((rule) => [rule, make(rule)]));
  return of.map(({ rule, part }) => made.get(rule)![part === 'weight' ? 0 : 1]!);
}
