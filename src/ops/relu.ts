import { applyBinary, applyUnary, defineBinary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';

const reluOp = defineUnary('relu', (d, _x, y) => reluBackward(d, y));

/** y = max(x, 0); a NaN passes, so that a diverged run is seen. */
export function relu(x: Tensor): Tensor {
  return applyUnary(reluOp, x);
}

const reluBackwardOp = defineBinary('reluBackward', {
  vjp: ({ inputs: [, y] }, [d]) => [d ? reluBackward(d, y!) : null, null],
  jvp: ({ inputs: [, y] }, [dd]) => [dd ? reluBackward(dd, y!) : null],
});

/** d where the ReLU's output y is positive, else 0. Its derivative in y is zero almost everywhere. */
export function reluBackward(d: Tensor, y: Tensor): Tensor {
  return applyBinary(reluBackwardOp, d, y);
}
