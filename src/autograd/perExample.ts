import { showShape } from '../host/showShape.ts';
import type { Tensor } from '../ops/graph.ts';
import type { PerExampleGradient } from '../ops/perExample/perExampleGradient.ts';
import { sumOfUses } from '../ops/perExample/sumOfUses.ts';
import type { Cotangents, Use } from './vjp.ts';

/**
 * The per-example gradients of each of `wrt`, from one backward pass and for its cotangent's scale. A parameter that is used
 * several times has the sum over its uses.
 * @param cotangents of the losses [B] of examples that do not see each other. What the layers take and give has the rows of one
 *   example together along its first axis, in the losses' order: one each, or as many for every example, such as the
 *   positions of a sequence
 * @throws if anything else was differentiated, nothing uses a parameter, or an op that has no per-example rule for it does
 */
export function perExample({ outputs, uses }: Cotangents, wrt: readonly Tensor[]): PerExampleGradient[] {
  if (!Array.isArray(outputs))
    throw new Error('per-example gradients: expected what vjp gives, and found something else');
  const [losses] = outputs as [Tensor];
  if (outputs.length !== 1 || losses.shape.length !== 1) {
    const found = outputs.map(({ shape }) => showShape(shape)).join(', ');
    throw new Error(`per-example gradients: of outputs of shape ${found}, expected one of losses [B]`);
  }
  const examples = losses.shape[0]!;
  return wrt.map(({ shape }, i) => {
    const each = uses[i]!.map((use) => gradientOf(use, examples));
    if (each.length === 0) throw new Error('no per-example gradient: nothing uses the parameter');
    return sumOfUses(each, shape);
  });
}

/** The per-example gradients at one use. */
function gradientOf({ node, input, cotangent }: Use, examples: number): PerExampleGradient {
  const made = node.op.perExample?.(node, cotangent, examples)[input];
  if (made) return made;
  const rule = node.op.perExample ? 'its perExample has none for that' : 'it has no rule perExample';
  throw new Error(
    `no per-example gradient: ${node.op.name} uses the parameter for its operand ${input}, and ${rule}`,
  );
}
