import softmaxKernel from '../../shaders/loss/softmaxCrossEntropy.wgsl';
import { size, type Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';
import { rowGrid } from './plans/linearGrid.ts';
import { requireTensors } from './requireTensor.ts';
import { reshape } from './reshape.ts';
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

/**
 * Softmax along the last axis: z […, C] → p […, C].
 * @throws for a scalar
 */
export function softmax(z: Tensor): Tensor {
  requireTensors('softmax', [z]);
  const { shape } = z;
  if (shape.length === 0) throw new Error('softmax: a scalar has no axis, expected […, C]');
  if (shape.length !== 2)
    return reshape(softmax(reshape(z, [size(shape.slice(0, -1)), shape.at(-1)!])), shape);
  return apply(softmaxOp, [z], {}, { shape });
}
