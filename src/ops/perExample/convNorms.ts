import { showShape } from '../../host/showShape.ts';
import type { Tensor } from '../graph.ts';
import { apply, expectShape, type Lowering, type Op } from '../op.ts';
import { planConvNorms } from '../plans/convMomentsPlan.ts';
import { convShape } from '../plans/convPlan.ts';
import { lowerSum } from '../sum.ts';
import { type Window2d, windowPositions } from '../window2d.ts';

export const convWeightNormsOp: Op = {
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
  lowerSum(to, { outer: units, reduced: parts, inner: 1 }, scratch, null, norms);
}

/**
 * Refuses what are no images [N, C, H, W] and output gradients [N, O, H', W'] of a convolution with that window, N being a
 * number of units.
 */
export function requireConv(
  op: string,
  {
    x,
    delta,
    window,
    unitSize,
  }: { readonly x: Tensor; readonly delta: Tensor; readonly window: Window2d; readonly unitSize: number },
): void {
  if (x.shape.length !== 4)
    throw new Error(`${op}: x has shape ${showShape(x.shape)}, expected [N, C, H, W]`);
  const [n, , height, width] = x.shape as [number, number, number, number];
  const positions = windowPositions(op, window, [height, width]);
  expectShape(op, 'δ', delta.shape, [n, delta.shape[1] ?? 0, ...positions]);
  if (n % unitSize !== 0) throw new Error(`${op}: ${n} images are no whole number of units of ${unitSize}`);
}

/**
 * Squared norms of each unit's gradient of a convolution's weight, a unit being `unitSize` consecutive examples: the
 * gradient formed in registers, or from inner products of positions, whichever is cheaper (Rochette et al. 2019).
 * x [N, C, H, W], delta [N, O, H', W'] → [N / unitSize].
 * @throws if the shapes do not fit, or the units do not divide the examples
 */
export function convWeightNorms(x: Tensor, delta: Tensor, window: Window2d, unitSize = 1): Tensor {
  requireConv('convWeightNorms', { x, delta, window, unitSize });
  return apply(convWeightNormsOp, [x, delta], { window, unitSize }, { shape: [x.shape[0]! / unitSize] });
}
