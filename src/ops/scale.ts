import { applyUnary, defineUnary } from './elementwise.ts';
import { constantOf, fill } from './fill.ts';
import type { Tensor } from './graph.ts';

const scaleOp = defineUnary('scale', (d, _x, _y, factor) => scale(d, factor));

/** y = factor · x. */
export function scale(x: Tensor, factor: number): Tensor {
  if (factor === 1) return x;
  const constant = constantOf(x);
  if (constant !== null) return fill(x.node.graph, constant * factor, x.shape);
  return applyUnary(scaleOp, x, factor);
}
