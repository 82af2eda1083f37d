import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';

const expOp = defineUnary('exp', (d, _x, y) => multiply(d, y));

/** y = eˣ. */
export function exp(x: Tensor): Tensor {
  return applyUnary(expOp, x);
}
