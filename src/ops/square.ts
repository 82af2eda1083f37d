import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { scale } from './scale.ts';

const squareOp = defineUnary('square', (d, x) => multiply(d, scale(x, 2)));

/** y = x². */
export function square(x: Tensor): Tensor {
  return applyUnary(squareOp, x);
}
