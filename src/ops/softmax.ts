import softmaxKernel from '../../shaders/loss/softmaxCrossEntropy.wgsl';
import { broadcastWithin } from './broadcast.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { apply, defineOp } from './op.ts';
import { rowGrid } from './plans/linearGrid.ts';
import { subtract } from './subtract.ts';
import { rowSum } from './sum.ts';

/** (diag p − p pᵀ) v for each row: the softmax's Jacobian, which is symmetric. */
export function softmaxJacobian(p: Tensor, v: Tensor): Tensor {
  const pv = multiply(p, v);
  return subtract(pv, multiply(p, broadcastWithin(rowSum(pv), p.shape)));
}

const softmaxOp = defineOp({
  name: 'softmax',
  vjp: ({ outputs: [p] }, [d]) => [d ? softmaxJacobian(p!, d) : null],
  jvp: ({ outputs: [p] }, [d]) => [d ? softmaxJacobian(p!, d) : null],
  lower: ({ inputs: [z], outputs: [p] }, to) => {
    const [rows, classes] = z!.shape as [number, number];
    to.dispatch(
      {
        source: softmaxKernel,
        knobs: { LOSS: false, LABELS: false, WEIGHTED: false },
        params: { rows, classes, scale: 1 },
        grid: rowGrid(rows),
      },
      { z: z!, gradient: p! },
    );
  },
});

/** Softmax of each row of logits: z [N, C] → p [N, C]. */
export function softmax(z: Tensor): Tensor {
  return apply(softmaxOp, [z], {}, { shape: z.shape });
}
