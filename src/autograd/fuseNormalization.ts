import { channelDotOp, channelSumOp } from '../ops/channelDot.ts';
import type { ChannelView } from '../ops/channelView.ts';
import type { Node, Tensor } from '../ops/graph.ts';
import { normalizeOp } from '../ops/normalize.ts';
import {
  normalizeAffine,
  normalizeTangentAffine,
  normalizeTangentWeighted,
  standardizeAffine,
} from '../ops/normalizeFused.ts';
import { normalizeTangentOp } from '../ops/normalizeTangent.ts';
import type { Affine } from '../ops/plans/normPlan.ts';
import { scaleShiftOp } from '../ops/scaleShift.ts';
import { standardizeOp } from '../ops/standardize.ts';
import { isAlike } from './isAlike.ts';
import type { Renaming, Rule } from './rewrite.ts';

/** What a normalisation's kernels do beside it: the weight and bias after it, and on the way back. */
export function normalizationRules(consumers: ReadonlyMap<Tensor, readonly Node[]>): readonly Rule[] {
  const readersOf = (tensor: Tensor): readonly Node[] => consumers.get(tensor) ?? [];

  /** The first weight and bias that y goes through, if they are there already. */
  const following = (y: Tensor, view: ChannelView, names: Renaming) => {
    const readers = readersOf(y);
    const affine = readers.find(
      ({ op, inputs: [x, ...rest], attributes, outputs }) =>
        op === scaleShiftOp &&
        outputs[0]!.replicated === y.replicated &&
        x === y &&
        rest.every((operand) => operand !== y && names.has(operand)) &&
        affineOf(view, attributes.view) !== null,
    );
    if (!affine) return null;
    const [, w, b] = affine.inputs;
    return {
      z: affine.outputs[0]!,
      with: {
        of: affineOf(view, affine.attributes.view)!,
        w: names.get(w!),
        b: b ? names.get(b) : null,
        keep: readers.length > 1,
      },
    };
  };

  const normalized: Rule = (node, names) => {
    if (node.op !== normalizeOp) return null;
    const { view, eps } = node.attributes;
    const found = following(node.outputs[0]!, view, names);
    if (!found) return null;
    const [y, mean, variance, s, z] = normalizeAffine(names.get(node.inputs[0]!), view, eps, found.with);
    names.set(found.z, z!);
    return [y!, mean!, variance!, s!];
  };

  const standardized: Rule = (node, names) => {
    if (node.op !== standardizeOp) return null;
    const { view } = node.attributes;
    const found = following(node.outputs[0]!, view, names);
    if (found?.with.of !== 'channel') return null;
    const [x, mean, s] = node.inputs.map(names.get) as [Tensor, Tensor, Tensor];
    const [y, z] = standardizeAffine(x, mean, s, view, found.with);
    names.set(found.z, z!);
    return [y!];
  };

  /** The way back: the weight times the cotangent, the tangent of the normalisation, and what both sum up. */
  const back: Rule = (node, names) => {
    if (node.op !== scaleShiftOp || node.inputs.length > 2) return null;
    const [d, w] = node.inputs as [Tensor, Tensor];
    const [tangent, ...more] = readersOf(node.outputs[0]!);
    if (tangent?.op !== normalizeTangentOp || more.length > 0 || tangent.inputs[0] !== node.outputs[0])
      return null;
    const [, y, s] = tangent.inputs as [Tensor, Tensor, Tensor];
    const { view } = tangent.attributes;
    const of = affineOf(view, node.attributes.view);
    if (of === null || y === node.outputs[0] || !isAlike(node, tangent) || ![y, s, w].every(names.has))
      return null;
    const operands = [d, y, s, w].map(names.get) as [Tensor, Tensor, Tensor, Tensor];
    const sumsOver = ({ attributes }: Node): boolean => sameView(attributes.view, view);
    const products = readersOf(d).find(
      (n) => n.op === channelDotOp && sumsOver(n) && n.inputs.includes(y) && n.inputs.includes(d) && d !== y,
    );
    const plain = readersOf(d).find((n) => n.op === channelSumOp && sumsOver(n));
    const isNew = (n: Node): boolean => !names.has(n.outputs[0]!) && isAlike(n, node);
    if (of === 'channel' && products && plain && isNew(products) && isNew(plain)) {
      const [dx, sum, dot] = normalizeTangentAffine(...operands, view) as [Tensor, Tensor, Tensor];
      names.set(tangent.outputs[0]!, dx);
      names.set(plain.outputs[0]!, sum);
      names.set(products.outputs[0]!, dot);
      return [dx];
    }
    const dx = normalizeTangentWeighted(...operands, view, of);
    names.set(tangent.outputs[0]!, dx);
    return [dx];
  };

  return [normalized, standardized, back];
}

function sameView(a: ChannelView, b: ChannelView): boolean {
  return a.outer === b.outer && a.channels === b.channels && a.inner === b.inner;
}

/** How the numbers of `affine` lie among the groups of a normalisation, or null if its kernels cannot take them. */
function affineOf(groups: ChannelView, affine: ChannelView): Affine | null {
  if (sameView(groups, affine)) return 'channel';
  const places = groups.outer === 1 && affine.inner === 1;
  return places && affine.outer === groups.channels && affine.channels === groups.inner ? 'place' : null;
}
