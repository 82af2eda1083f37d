import { divide } from './divide.ts';
import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';

const logOp = defineUnary('log', (d, x) => divide(d, x));

/** y = log x, natural, right to 4 units in the last place everywhere; −∞ at 0 and NaN below. */
export function log(x: Tensor): Tensor {
  return applyUnary(logOp, x);
}
