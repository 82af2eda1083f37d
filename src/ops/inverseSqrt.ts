import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { scale } from './scale.ts';
import { square } from './square.ts';

const inverseSqrtOp = defineUnary('inverseSqrt', (d, _x, y) =>
  multiply(d, scale(multiply(y, square(y)), -0.5)),
);

/** y = 1/√x, for x > 0. */
export function inverseSqrt(x: Tensor): Tensor {
  return applyUnary(inverseSqrtOp, x);
}
