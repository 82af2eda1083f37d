import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { sign } from './sign.ts';

const absOp = defineUnary('abs', (d, x) => multiply(d, sign(x)));

/** y = |x|, of −0 too. Its derivative is the sign, at the kink 0, as PyTorch's. */
export function abs(x: Tensor): Tensor {
  return applyUnary(absOp, x);
}
