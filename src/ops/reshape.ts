import { showShape } from '../host/showShape.ts';
import { sameShape, size, type Tensor } from './graph.ts';
import { apply, defineOp } from './op.ts';
import { requireTensors } from './requireTensor.ts';

const reshapeOp = defineOp({
  name: 'reshape',
  view: () => ({ offset: 0 }),
  takes: ['any'],
  vjp: ({ inputs: [x] }, [d]) => [d ? reshape(d, x!.shape) : null],
  jvp: ({ outputs: [y] }, [dx]) => [dx ? reshape(dx, y!.shape) : null],
});

/** The same elements in row-major order under another shape; nothing moves. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  requireTensors('reshape', [x]);
  if (sameShape(x.shape, shape)) return x;
  if (size(x.shape) !== size(shape)) {
    throw new Error(`reshape: ${showShape(x.shape)} has not the elements of ${showShape(shape)}`);
  }
  return apply(reshapeOp, [x], { shape }, { shape, dtype: x.dtype });
}
