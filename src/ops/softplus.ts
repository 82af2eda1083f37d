import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { sigmoid } from './sigmoid.ts';

const softplusOp = defineUnary('softplus', (d, x) => multiply(d, sigmoid(x)));

/** y = log(1 + eˣ) as max(x, 0) + log(1 + e^−|x|), in which nothing cancels or overflows. Its derivative is the sigmoid. */
export function softplus(x: Tensor): Tensor {
  return applyUnary(softplusOp, x);
}
