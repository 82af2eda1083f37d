import { InputError } from '../host/inputError.ts';
import { broadcast } from './broadcast.ts';
import { applyUnary, defineUnary } from './elementwise.ts';
import { constantOf, fill } from './fill.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { isTensor, showGiven } from './requireTensor.ts';

const scaleOp = defineUnary('scale', (d, _x, _y, factor) => scale(d, factor));

/**
 * y = factor · x.
 * @param factor a number, or a scalar on the device, such as a rate that each replica has its own of
 * @throws InputError if the factor is neither a number nor a tensor of shape []
 */
export function scale(x: Tensor, factor: number | Tensor): Tensor {
  if (typeof factor !== 'number') {
    requireScalar(factor);
    return multiply(x, broadcast(factor, x.shape, { from: 0, to: x.shape.length }));
  }
  if (factor === 1) return x;
  const constant = constantOf(x);
  if (constant !== null) return fill(x.node.graph, constant * factor, x.shape);
  return applyUnary(scaleOp, x, factor);
}

function requireScalar(factor: unknown): void {
  if (isTensor(factor) && factor.shape.length === 0) return;
  const one = isTensor(factor) && factor.shape.every((extent) => extent === 1);
  const hint = one ? ': make its state with shape: [], or reshape(factor, [])' : '';
  const reason = `${showGiven(factor)}, expected a number or a tensor []${hint}`;
  throw new InputError('scale', 'the factor', reason);
}
