import kernel from '../../shaders/loss/softmaxJacobian.wgsl';
import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { broadcastWithin } from './broadcast.ts';
import { sameShape, type Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { apply, defineOp } from './op.ts';
import { rowGrid } from './plans/linearGrid.ts';
import { scale } from './scale.ts';
import { subtract } from './subtract.ts';
import { rowSum } from './sum.ts';

/** x[n, c]·Σ_k a[n, k]·b[n, k]. */
function times(x: Tensor, a: Tensor, b: Tensor): Tensor {
  return multiply(x, broadcastWithin(rowSum(multiply(a, b)), x.shape));
}

const softmaxJacobianOp = defineOp({
  name: 'softmaxJacobian',
  // In v the Jacobian is its own transpose; in p the result is of second order.
  vjp: ({ inputs: [p, v], attributes: { factor } }, [d]) =>
    d
      ? [
          scale(subtract(multiply(d, v!), addPresent(times(d, p!, v!), times(v!, d, p!))!), factor),
          softmaxJacobian(p!, d, factor),
        ]
      : [null, null],
  jvp: ({ inputs: [p, v], attributes: { factor } }, [dp, dv]) => [
    softmaxJacobianTangent(p!, v!, [dp ?? null, dv ?? null], factor),
  ],
  lower: ({ inputs: [p, v], outputs: [out], attributes: { factor } }, to) => {
    const [rows, classes] = p!.shape as [number, number];
    to.dispatch(
      { source: kernel, params: { rows, classes, factor }, grid: rowGrid(rows) },
      { p: p!, v: v!, out: out! },
    );
  },
});

/**
 * factor·(diag p − p pᵀ) v for each row: the softmax's Jacobian, which is symmetric. p [N, C] softmaxes, v [N, C] → [N, C].
 * @throws if the shapes differ
 */
export function softmaxJacobian(p: Tensor, v: Tensor, factor = 1): Tensor {
  if (p.shape.length !== 2 || !sameShape(p.shape, v.shape)) {
    throw new Error(
      `softmaxJacobian: ${showShape(p.shape)} and ${showShape(v.shape)}, expected two of [N, C]`,
    );
  }
  return apply(softmaxJacobianOp, [p, v], { factor }, { shape: p.shape });
}

/** How `softmaxJacobian` changes with p and v, null where neither does. */
export function softmaxJacobianTangent(
  p: Tensor,
  v: Tensor,
  [dp, dv]: readonly [Tensor | null, Tensor | null],
  factor = 1,
): Tensor | null {
  return addPresent(
    dp ? scale(subtract(multiply(dp, v), addPresent(times(dp, p, v), times(p, dp, v))!), factor) : null,
    dv ? softmaxJacobian(p, dv, factor) : null,
  );
}
