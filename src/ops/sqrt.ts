import { divide } from './divide.ts';
import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { scale } from './scale.ts';

const sqrtOp = defineUnary('sqrt', (d, _x, y) => divide(d, scale(y, 2)));

/** y = √x; NaN below 0. Its derivative at 0 is infinite, as it is: a gradient of 0 that comes there becomes NaN. */
export function sqrt(x: Tensor): Tensor {
  return applyUnary(sqrtOp, x);
}
