import { broadcast } from './broadcast.ts';
import { applyUnary, defineUnary } from './elementwise.ts';
import { constantOf, fill } from './fill.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { expectShape } from './op.ts';

const scaleOp = defineUnary('scale', (d, _x, _y, factor) => scale(d, factor));

/**
 * y = factor · x.
 * @param factor a number, or a scalar on the device, such as a rate that each replica has its own of
 * @throws if the factor is a tensor with a shape
 */
export function scale(x: Tensor, factor: number | Tensor): Tensor {
  if (typeof factor !== 'number') {
    expectShape('scale', 'the factor', factor.shape, []);
    return multiply(x, broadcast(factor, x.shape, { from: 0, to: x.shape.length }));
  }
  if (factor === 1) return x;
  const constant = constantOf(x);
  if (constant !== null) return fill(x.node.graph, constant * factor, x.shape);
  return applyUnary(scaleOp, x, factor);
}
