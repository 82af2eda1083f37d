import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';

const signOp = defineUnary('sign', () => null);

/** y = −1, 0 or 1; of a NaN a NaN, so that a diverged run is seen. Its derivative is zero. */
export function sign(x: Tensor): Tensor {
  return applyUnary(signOp, x);
}
