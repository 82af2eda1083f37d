import { showShape } from '../../host/showShape.ts';
import { convShape } from '../conv2d.ts';
import type { Tensor } from '../graph.ts';
import { apply, expectShape, type Lowering, type Op, type Operand } from '../op.ts';
import { planConvNorms } from '../plans/convMomentsPlan.ts';
import { planSum } from '../plans/sumPlan.ts';
import { sum } from '../sum.ts';
import { type Window2d, windowPositions } from '../window2d.ts';
import { rowNorms } from './rowMoments.ts';

const convWeightNormsOp: Op = {
  name: 'convWeightNorms',
  lower: ({ inputs: [x, delta], outputs: [norms], attributes: { window, unitSize } }, to) => {
    lowerConvNorms(to, x!, delta!, norms!, window, unitSize);
  },
};

/** Dispatches the kernels for the squared norms of each unit's weight gradient. */
export function lowerConvNorms(
  to: Lowering,
  x: Tensor,
  delta: Tensor,
  norms: Tensor,
  window: Window2d,
  unitSize: number,
): void {
  const { call, parts } = planConvNorms(convShape(x.shape, delta.shape, window), unitSize, to.target);
  const units = norms.shape[0]!;
  const scratch = to.scratch([units, parts], norms.replicated);
  to.dispatch(call, { x, dy: delta, norms: scratch });
  lowerPartSums(to, scratch, units, parts, norms);
}

/** Adds up the parts of each unit's norm: [units, parts] → [units]. */
export function lowerPartSums(
  to: Lowering,
  partial: Operand,
  units: number,
  parts: number,
  norms: Tensor,
): void {
  let from = partial;
  const passes = planSum({ outer: units, reduced: parts, inner: 1 }, to.target);
  passes.forEach(({ call, chunks }, i) => {
    const y = i === passes.length - 1 ? norms : to.scratch([units, chunks], norms.replicated);
    to.dispatch(call, { x: from, y });
    from = y;
  });
}

/** Refuses what are no images [N, C, H, W] and output gradients [N, O, H', W'] of a convolution with that window. */
export function requireConv(op: string, x: Tensor, delta: Tensor, window: Window2d): void {
  if (x.shape.length !== 4)
    throw new Error(`${op}: x has shape ${showShape(x.shape)}, expected [N, C, H, W]`);
  const [n, , height, width] = x.shape as [number, number, number, number];
  const positions = windowPositions(op, window, [height, width]);
  expectShape(op, 'δ', delta.shape, [n, delta.shape[1] ?? 0, ...positions]);
}

/**
 * Squared norms of each unit's gradient of a convolution's weight, a unit being `unitSize` consecutive examples: the
 * gradient formed in registers, or from inner products of positions, whichever is cheaper (Rochette et al. 2019).
 * x [N, C, H, W], delta [N, O, H', W'] → [N / unitSize].
 * @throws if the shapes do not fit, or the units do not divide the examples
 */
export function convWeightNorms(x: Tensor, delta: Tensor, window: Window2d, unitSize = 1): Tensor {
  requireConv('convWeightNorms', x, delta, window);
  return apply(convWeightNormsOp, [x, delta], { window, unitSize }, { shape: [x.shape[0]! / unitSize] });
}

/** Each example's bias gradient: delta [N, O, H', W'] → [N, O]. */
export function convBiasGradients(delta: Tensor): Tensor {
  return sum(delta, { from: 2, to: 4 });
}

/** Squared norms of each unit's gradient of a convolution's bias: delta [N, O, H', W'] → [N / unitSize]. */
export function convBiasNorms(delta: Tensor, unitSize = 1): Tensor {
  return rowNorms(convBiasGradients(delta), unitSize);
}
