import { lowerWeightGradient } from '../conv2dWeightGradient.ts';
import { type Node, size, type Tensor } from '../graph.ts';
import { applyAll, type Op } from '../op.ts';
import { planConvGradientAndNorms } from '../plans/convMomentsPlan.ts';
import { convShape } from '../plans/convPlan.ts';
import { lowerSum } from '../sum.ts';
import { lowerConvNorms } from './convNorms.ts';

/** Made by the compiler, which has no need to differentiate it. */
const convGradientAndNormsOp: Op = {
  name: 'convGradientAndNorms',
  lower: ({ inputs: [x, delta], outputs: [dw, norms], attributes: { window, unitSize } }, to) => {
    const plan = planConvGradientAndNorms(convShape(x!.shape, delta!.shape, window), unitSize, to.target);
    if (!plan) {
      lowerWeightGradient(to, x!, delta!, dw!, window);
      lowerConvNorms(to, x!, delta!, norms!, window, unitSize);
      return;
    }
    const { call, blocks, parts } = plan;
    const [units] = norms!.shape as [number];
    const sums = blocks === 1 ? dw! : to.scratch([blocks, size(dw!.shape)], dw!.replicated);
    const squares = to.scratch([units, parts], norms!.replicated);
    to.dispatch(call, { x: x!, dy: delta!, moments: sums, norms: squares });
    if (sums !== dw) lowerSum(to, { outer: 1, reduced: blocks, inner: size(dw!.shape) }, sums, null, dw!);
    lowerSum(to, { outer: units, reduced: parts, inner: 1 }, squares, null, norms!);
  },
};

/**
 * [gradient, norms] of `conv2dWeightGradient` and `convWeightNorms` at once: where one kernel does both, its products are
 * formed once. The gradient has the bits that it has alone.
 * @param gradient a node of the former, over the operands it is to have
 */
export function convGradientAndNorms(
  { inputs, outputs: [dw], attributes: { window } }: Node,
  norms: Node,
): readonly Tensor[] {
  const { unitSize } = norms.attributes;
  return applyAll(convGradientAndNormsOp, inputs, { window, unitSize }, [
    { shape: dw!.shape },
    { shape: norms.outputs[0]!.shape },
  ]);
}
