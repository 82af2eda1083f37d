import { applyUnary, defineUnary } from './elementwise.ts';
import type { Tensor } from './graph.ts';

const offsetOp = defineUnary('offset', (d) => d);

/** y = x + constant. */
export function offset(x: Tensor, constant: number): Tensor {
  return applyUnary(offsetOp, x, constant);
}
