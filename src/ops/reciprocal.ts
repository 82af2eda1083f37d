import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { scale } from './scale.ts';
import { square } from './square.ts';

const reciprocalOp = defineUnary('reciprocal', (d, _x, y) => multiply(d, scale(square(y), -1)));

/** y = 1/x. */
export function reciprocal(x: Tensor): Tensor {
  return applyUnary(reciprocalOp, x);
}
