import type { Tensor } from '../graph.ts';
import { applyAll, type Op } from '../op.ts';
import { planDenseMoments } from '../plans/momentsPlan.ts';
import { lowerDenseNorms, requireDense } from './denseNorms.ts';

export interface DenseMoments {
  /** (1/B) Σₙ δₙxₙᵀ [L, K] and, with a bias, (1/B) Σₙ δₙ [L]. */
  readonly gradient: readonly Tensor[];
  /** Σₙ (gₙ − ḡ)² of every coordinate, in the same order: divided by B − 1, it is diag Σ. */
  readonly centredSquares: readonly Tensor[];
  /** ‖gₙ‖² [B] of the weight and of the bias. */
  readonly normSq: readonly [Tensor, Tensor];
}

/** [weight's gradient and centred squares, weight's and bias's norms, and with a bias its gradient and centred squares]. */
const denseMomentsOp: Op = {
  name: 'denseMoments',
  joined: [
    [0, 4],
    [1, 5],
    [2, 3],
  ],
  lower: ({ inputs: [x, delta], outputs, attributes: { bias } }, to) => {
    const [batch, inputs] = x!.shape as [number, number];
    const plan = planDenseMoments({ batch, inputs, outputs: delta!.shape[1]!, bias }, to.target);
    const [gradient, variance, weightNorms, biasNorms, biasGradient, biasVariance] = outputs as Tensor[];
    const params = {
      ...plan.call.params,
      ...(bias && {
        biasGradientOffset: to.offset(biasGradient!),
        biasVarianceOffset: to.offset(biasVariance!),
      }),
      ...(plan.norms && { biasNormsOffset: to.offset(biasNorms!) }),
    };
    to.dispatch(
      { ...plan.call, params },
      {
        x: x!,
        d: delta!,
        gradient: gradient!,
        variance: variance!,
        ...(plan.norms && { norms: weightNorms! }),
      },
    );
    if (!plan.norms) lowerDenseNorms(to, x!, delta!, weightNorms!, biasNorms!);
  },
};

const denseMomentsNoBiasOp: Op = { ...denseMomentsOp, joined: [[2, 3]] };

/**
 * Mean gradient, centred second moment and per-example norms of a dense layer in one pass over the batch, nothing of size
 * B × P.
 * x [B, K], delta [B, L]: each example's own output gradient, not divided by B.
 * @throws if the shapes do not fit
 */
export function denseMoments(x: Tensor, delta: Tensor, bias: boolean): DenseMoments {
  requireDense('denseMoments', x, delta);
  const [inputs, outputs] = [x.shape[1]!, delta.shape[1]!];
  const replicated = x.replicated || delta.replicated;
  const weight = { shape: [outputs, inputs], replicated };
  const vector = { shape: [outputs], replicated };
  const norms = { shape: [x.shape[0]!], replicated };
  const types = [weight, weight, norms, norms, ...(bias ? [vector, vector] : [])];
  const op = bias ? denseMomentsOp : denseMomentsNoBiasOp;
  const [gradient, centred, weightNorms, biasNorms, ...ofBias] = applyAll(op, [x, delta], { bias }, types);
  return {
    gradient: [gradient!, ...ofBias.slice(0, 1)],
    centredSquares: [centred!, ...ofBias.slice(1)],
    normSq: [weightNorms!, biasNorms!],
  };
}
