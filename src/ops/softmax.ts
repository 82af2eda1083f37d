import softmaxKernel from '../../shaders/loss/softmaxCrossEntropy.wgsl';
import type { Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';
import { rowGrid } from './plans/linearGrid.ts';
import { softmaxJacobian } from './softmaxJacobian.ts';

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
