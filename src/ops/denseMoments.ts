import type { Tensor } from './graph.ts';
import { applyAll, type Op } from './op.ts';
import { planDenseMoments } from './plans/momentsPlan.ts';

export interface DenseMoments {
  /** (1/B) Σₙ δₙxₙᵀ [L, K] and, with a bias, (1/B) Σₙ δₙ [L]. */
  readonly gradient: readonly Tensor[];
  /** Σₙ (gₙ − ḡ)² of every coordinate, in the same order: divided by B − 1, it is diag Σ. */
  readonly centredSquares: readonly Tensor[];
}

const denseMomentsOp: Op = {
  name: 'denseMoments',
  joined: [
    [0, 2],
    [1, 3],
  ],
  lower: ({ inputs: [x, delta], outputs, attributes }, to) => {
    const [batch, inputs] = x!.shape as [number, number];
    const call = planDenseMoments(
      { batch, inputs, outputs: delta!.shape[1]!, bias: attributes.bias },
      to.target,
    );
    const [gradient, variance, biasGradient, biasVariance] = outputs;
    const params: Record<string, number> = attributes.bias
      ? { biasGradientOffset: to.offset(biasGradient!), biasVarianceOffset: to.offset(biasVariance!) }
      : {};
    to.dispatch(
      { ...call, params: { ...call.params, ...params } },
      { x: x!, d: delta!, gradient: gradient!, variance: variance! },
    );
  },
};

const denseMomentsNoBiasOp: Op = { ...denseMomentsOp, joined: [] };

/**
 * Mean gradient and centred second moment of a dense layer in one pass over the batch, nothing of size B × P.
 * x [B, K], delta [B, L]: each example's own output gradient, not divided by B.
 */
export function denseMoments(x: Tensor, delta: Tensor, bias: boolean): DenseMoments {
  const [inputs, outputs] = [x.shape[1]!, delta.shape[1]!];
  const replicated = x.replicated || delta.replicated;
  const weight = { shape: [outputs, inputs], replicated };
  const vector = { shape: [outputs], replicated };
  const types = [weight, weight, ...(bias ? [vector, vector] : [])];
  const made = applyAll(bias ? denseMomentsOp : denseMomentsNoBiasOp, [x, delta], { bias }, types);
  return {
    gradient: made.filter((_, i) => i % 2 === 0),
    centredSquares: made.filter((_, i) => i % 2 === 1),
  };
}
