import softmaxKernel from '../../shaders/loss/softmaxCrossEntropy.wgsl';
import causalKernel from '../../shaders/sequence/softmaxCausal.wgsl';
import { showShape } from '../host/showShape.ts';
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
  lower: ({ inputs: [z], outputs: [p], attributes: { causal } }, to) => {
    const [rows, classes] = z!.shape as [number, number];
    if (causal) {
      const params = { rows, places: classes };
      to.dispatch({ source: causalKernel, params, grid: rowGrid(rows) }, { z: z!, p: p! });
      return;
    }
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
 * @throws for a scalar, and causal for what are no square matrices
 */
export function softmax(
  z: Tensor,
  {
    causal = false,
  }: {
    /**
     * Of matrices [T, T]: row t is a softmax over its first t + 1 columns, and the rest of it is 0, whatever z is there. Its
     * Jacobian is that of any softmax: where p is 0, nothing goes through.
     */
    readonly causal?: boolean;
  } = {},
): Tensor {
  requireTensors('softmax', [z]);
  const { shape } = z;
  if (shape.length === 0) throw new Error('softmax: a scalar has no axis, expected […, C]');
  const classes = shape.at(-1)!;
  if (causal && shape.at(-2) !== classes) {
    throw new Error(`softmax: causal of ${showShape(shape)}, expected […, T, T]`);
  }
  const rows = reshape(z, [size(shape.slice(0, -1)), classes]);
  return reshape(apply(softmaxOp, [rows], { causal }, { shape: rows.shape }), shape);
}
