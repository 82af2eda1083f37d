import kernel from '../../../shaders/perExample/denseNorms.wgsl';
import { showShape } from '../../host/showShape.ts';
import type { Tensor } from '../graph.ts';
import { applyAll, expectShape, type Lowering, type Op } from '../op.ts';
import { rowGrid } from '../plans/linearGrid.ts';
import { planSum, type SumStage } from '../plans/sumPlan.ts';

const denseNormsOp: Op = {
  name: 'denseNorms',
  joined: [[0, 1]],
  lower: ({ inputs: [x, delta], outputs: [weight, bias] }, to) =>
    lowerDenseNorms(to, x!, delta!, weight!, bias!),
};

/** Dispatches the kernels for the squared norms of each example's gradient; both results lie in one buffer. */
export function lowerDenseNorms(to: Lowering, x: Tensor, delta: Tensor, weight: Tensor, bias: Tensor): void {
  const [rows, inputs] = x.shape as [number, number];
  const [{ call, chunks }] = planSum({ outer: rows, reduced: inputs, inner: 1 }, to.target, {
    terms: 'square',
  }) as [SumStage];
  const squares = to.scratch([rows, chunks], x.replicated);
  to.dispatch(call, { x, y: squares });
  to.dispatch(
    {
      source: kernel,
      params: { rows, chunks, outputs: delta.shape[1]!, biasNormsOffset: to.offset(bias) },
      grid: rowGrid(rows),
    },
    { squares, delta, norms: weight },
  );
}

/** Refuses what are no inputs [N, K] and output gradients [N, L] of a dense layer. */
export function requireDense(op: string, x: Tensor, delta: Tensor): void {
  if (x.shape.length !== 2) throw new Error(`${op}: x has shape ${showShape(x.shape)}, expected [N, K]`);
  expectShape(op, 'δ', delta.shape, [x.shape[0]!, delta.shape[1] ?? 0]);
}

/**
 * Squared norms of each example's gradient of a dense layer (Goodfellow 2015): ‖xₙ‖²‖δₙ‖² for the weight, ‖δₙ‖² for the
 * bias. x [N, K], δ [N, L] → two of [N].
 * @throws if the shapes do not fit
 */
export function denseNorms(x: Tensor, delta: Tensor): readonly [weight: Tensor, bias: Tensor] {
  requireDense('denseNorms', x, delta);
  const type = { shape: [x.shape[0]!] };
  return applyAll(denseNormsOp, [x, delta], {}, [type, type]) as unknown as readonly [Tensor, Tensor];
}
